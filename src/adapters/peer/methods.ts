import { quote, StoreError } from "../../core/error.ts";

/** Returns an object of another library's that has these methods. `expected` says what it is to be. Throws `bad-config`. */
export function checkMethods<T extends object>(
  name: string,
  object: T,
  expected: string,
  methods: readonly string[],
): T {
  for (const method of methods) {
    if (typeof (object as Record<string, unknown> | undefined)?.[method] === "function") continue;
    const message = `Cannot open store ${quote(name)}: ${expected} with ${quote(method)}, got ${quote(object)}`;
    throw new StoreError("bad-config", message);
  }
  return object;
}
