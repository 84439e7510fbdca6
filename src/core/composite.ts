import type { Store } from "./contract.ts";
import { isStoreError, kindOf, quote, StoreError } from "./error.ts";
import type { Rule } from "./options.ts";
import { isStore, locatePart, openPart, type Part } from "./part.ts";
import type { Config, Factory, Registry } from "./registry.ts";
import { suggest } from "./suggest.ts";

/** What one option of such a store has to be. */
export interface PartRule extends Rule {
  /** Returns what an option must be that is not right, beside the others; in place of `test`. */
  problems?(value: unknown, given: Readonly<Record<string, unknown>>): string[];
}

/** Opens a part of a store. */
export type OpenPart = (part: Part) => Store | Promise<Store>;

/**
 * Returns the factory of stores that stand on others: on the one that is their option `of`, or on each of a list of them, which a
 * registry opens. `rules` are those of the other options.
 */
export function createComposite<Options extends { readonly of: unknown }>(
  name: string,
  registry: Registry,
  rules: Readonly<Record<Exclude<keyof Options & string, "of">, PartRule>>,
  isList: boolean,
  build: (options: Options, open: OpenPart) => Store | Promise<Store>,
): Factory<Options> {
  const known: Readonly<Record<string, PartRule>> = rules;
  const names = ["of", ...Object.keys(rules)];
  const partsOf = ({ of }: Options): Part[] => (isList ? [...(of as Part[])] : [of as Part]);

  return {
    valid(parameters) {
      const given = (parameters ?? {}) as Record<string, unknown>;
      const options = [...new Set([...names, ...Object.keys(given)])];
      const problems =
        kindOf(given) === "Object"
          ? options.flatMap((option) => problemsOfOption(option, given))
          : [`parameters must be an object, got ${quote(given)}`];
      if (problems.length) throw new StoreError("bad-config", `Cannot open store "${name}": ${problems.join("; ")}`);
      return { ...given } as unknown as Options;
    },
    locate(options, resolve) {
      const parts = partsOf(options).map((part) => locatePart(registry, part, resolve));
      return { ...options, of: isList ? parts : parts[0] };
    },
    build: (options) => build(options, (part) => openPart(registry, part)),
  };

  function problemsOfOption(option: string, given: Readonly<Record<string, unknown>>): string[] {
    const value = given[option];
    if (option === "of") return problemsOf(value);
    const must = `option ${quote(option)} must be`;
    if (!Object.hasOwn(known, option)) return [`${must} left out, got ${quote(value)}${suggest(option, names)}`];
    const { expected, required, test, problems } = known[option]!;
    if (problems) return problems(value, given).map((problem) => `${must} ${problem}`);
    return (value === undefined ? !required : test(value)) ? [] : [`${must} ${expected}, got ${quote(value)}`];
  }

  function problemsOf(of: unknown): string[] {
    if (!isList) return problemsOfPart(registry, "of", of);
    if (!Array.isArray(of) || !of.length)
      return [`option "of" must be a list of stores or configurations of them, got ${quote(of)}`];
    return of.flatMap((part, index) => problemsOfPart(registry, `of[${index}]`, part));
  }
}

/** Returns what is wrong with a part, each with its name. */
function problemsOfPart(registry: Registry, name: string, part: unknown): string[] {
  if (isStore(part as Part)) return [];
  const must = `option ${quote(name)} must be a store or the configuration of one`;
  if (kindOf(part) !== "Object") return [`${must}, got ${quote(part)}`];
  const { backend, parameters } = part as Config;
  const names = registry.methods();
  let factory: Factory;
  try {
    factory = registry.getFactory(backend);
  } catch {
    const known = names.map(quote).join(", ");
    return [`${must}, got backend ${quote(backend)}: expected one of ${known}${suggest(String(backend), names)}`];
  }
  try {
    registry.valid(part as Config);
    return [];
  } catch (error) {
    if (!isStoreError(error)) throw error;
    const problems = error.message.replace(/^Cannot open store "[^"]*": /, "").split(/; (?=option ")/);
    return problems.map((problem) => {
      const [, unknown] = /^option "([^"\\]*)" must be left out/.exec(problem) ?? [];
      const hint =
        unknown === undefined || problem.endsWith("?)") ? "" : suggest(unknown, optionsOf(factory, parameters));
      // Not as an option of the whole.
      return `${must}: ${problem.replaceAll("; ", ", ")}${hint}`;
    });
  }
}

/** Which options a factory knows: it asks for each of them by name. */
function optionsOf(factory: Factory, parameters: unknown): string[] {
  const asked = new Set<string>();
  const spy = new Proxy(Object(parameters) as object, {
    get(target, name) {
      if (typeof name === "string") asked.add(name);
      return Reflect.get(target, name) as unknown;
    },
  });
  try {
    factory.valid(spy);
  } catch {
    // What is wrong is known already.
  }
  return [...asked].filter((name) => !Object.hasOwn(Object(parameters) as object, name));
}
