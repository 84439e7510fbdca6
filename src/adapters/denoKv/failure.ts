import { contend, outrun } from "../../core/contend.ts";
import { quote, StoreError } from "../../core/error.ts";

/** Calls Deno KV, once more while another process has its file, and gives its failures a code. The call may run again. */
export async function withCode<R>(key: string | undefined, call: () => Promise<R>): Promise<R> {
  return contend(key ?? "", async () => {
    try {
      return await call();
    } catch (cause) {
      // SQLite's busy, which Deno KV does not wait out: nothing was done.
      if ((cause as Partial<Error> | undefined)?.message === "database is locked") return outrun;
      throw toStoreError(key, cause);
    }
  });
}

function toStoreError(key: string | undefined, cause: unknown): StoreError {
  const { name, message } = (cause ?? {}) as Partial<Error>;
  const what = key === undefined ? "Cannot use Deno KV" : `Cannot use Deno KV for key ${quote(key)}`;
  const options = { key, cause };
  if (name === "TypeError" && message?.startsWith("Key too large")) {
    const expected = "expected a key that Deno KV counts as less than 2 KiB, each NUL twice";
    return new StoreError("invalid-argument", `${what}: ${expected}`, options);
  }
  if (name === "TypeError" && /^(Too many|Total)/.test(`${message}`)) return tooMuch(options);
  return new StoreError("unavailable", `${what}: expected it to work, got ${quote(message ?? cause)}`, options);
}

/** Returns the error of a change that is too large for one atomic operation. */
export function tooMuch(options: { key?: string | undefined; cause?: unknown } = {}): StoreError {
  const expected = "expected at most 100 keys, of 80 KiB together, which is what Deno KV commits";
  return new StoreError("unsupported", `Cannot change so much at once: ${expected}`, options);
}
