import type { Store } from "../core/contract.ts";
import { isStoreError, quote, StoreError } from "../core/error.ts";
import type { Config, Factory, Registry } from "../core/registry.ts";

/** A store, or the configuration of one. */
export type Part = Store | Config;

const sides = ["local", "remote"] as const;

type Sides = { readonly [side in (typeof sides)[number]]: Part };

const isStore = (part: Part): part is Store => typeof (part as Store | undefined)?.get === "function";

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
      for (const side of sides) {
        const part = options[side];
        const locate = isStore(part) ? undefined : registry.getFactory(part.backend).locate;
        located[side] = locate ? { ...part, parameters: locate((part as Config).parameters, resolve) } : part;
      }
      return { ...options, ...located };
    },
    async build({ local, remote, ...options }) {
      const open = (part: Part): Promise<Store> | Store => (isStore(part) ? part : registry.open(part));
      return build(await open(local), await open(remote), options);
    },
  };
}
