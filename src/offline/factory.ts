import type { Store } from "../core/contract.ts";
import { isStoreError, quote, StoreError } from "../core/error.ts";
import { isStore, locatePart, openPart, type Part } from "../core/part.ts";
import type { Factory, Registry } from "../core/registry.ts";

const sides = ["local", "remote"] as const;

type Sides = { readonly [side in (typeof sides)[number]]: Part };

/** Returns a factory of stores that are made of two, which a registry opens. */
export function createFactory<Options extends Sides>(
  registry: Registry,
  check: (options: unknown) => unknown,
  build: (local: Store, remote: Store, options: Omit<Options, "local" | "remote">) => Store,
): Factory<Options> {
  return {
    valid(parameters) {
      const { local, remote, ...options } = Object(parameters) as Options;
      const problems: string[] = [];
      const note = (work: () => unknown, what: string): void => {
        try {
          work();
        } catch (error) {
          if (!isStoreError(error)) throw error;
          problems.push(what + error.message.replace(/^Cannot open store "offline": /, ""));
        }
      };
      for (const [name, part] of Object.entries({ local, remote })) {
        const rule = `option ${quote(name)} must be a store or the configuration of one`;
        if (isStore(part)) continue;
        if (Object(part) !== part) problems.push(`${rule}, got ${quote(part)}`);
        else note(() => registry.valid(part), `${rule}: `);
      }
      note(() => check(options), "");
      if (problems.length) throw new StoreError("bad-config", `Cannot open store "offline": ${problems.join("; ")}`);
      return { ...(parameters as Options) };
    },
    locate(options, resolve) {
      const located: Record<string, Part> = {};
      for (const side of sides) located[side] = locatePart(registry, options[side], resolve);
      return { ...options, ...located };
    },
    async build({ local, remote, ...options }) {
      return build(await openPart(registry, local), await openPart(registry, remote), options);
    },
  };
}
