import { quote, StoreError } from "../../core/error.ts";

/** Calls localForage, and gives its failures a code. */
export async function withCode<R>(key: string | undefined, call: () => Promise<R>): Promise<R> {
  try {
    return await call();
  } catch (cause) {
    throw toStoreError(key, cause);
  }
}

function toStoreError(key: string | undefined, cause: unknown): StoreError {
  const { name, message } = (cause ?? {}) as Partial<Error>;
  const what = key === undefined ? "Cannot use localForage" : `Cannot use localForage for key ${quote(key)}`;
  if (/quota/i.test(`${name}`))
    return new StoreError("quota-exceeded", `${what}: expected room for the value`, { key, cause });
  // Its localStorage driver parses text, and knows types by their names in it.
  if (name === "SyntaxError" || name === "RangeError" || /^Unkn?own type/.test(`${message}`)) {
    return new StoreError("cant-decode", `Cannot decode key ${quote(key)}: expected what localForage writes`, {
      key,
      cause,
    });
  }
  return new StoreError("unavailable", `${what}: expected its driver to work, got ${quote(message ?? cause)}`, {
    key,
    cause,
  });
}
