import { isStoreError, quote } from "./error.ts";

/** Returns an error. If it names a key with a prefix, it names that without from now on. */
export function withoutPrefix<E>(error: E, prefix: string): E {
  if (isStoreError(error) && error.key?.startsWith(prefix)) {
    const key = error.key.slice(prefix.length);
    error.message = error.message.split(quote(error.key)).join(quote(key));
    Object.assign(error, { key });
  }
  return error;
}
