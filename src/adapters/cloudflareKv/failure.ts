import { quote, StoreError } from "../../core/error.ts";

/** Calls Cloudflare KV, and gives its failures a code. */
export async function withCode<R>(key: string | undefined, call: () => Promise<R>): Promise<R> {
  try {
    return await call();
  } catch (cause) {
    const message = (cause as Partial<Error> | undefined)?.message;
    const what = key === undefined ? "Cannot use Cloudflare KV" : `Cannot use Cloudflare KV for key ${quote(key)}`;
    const expected = `expected it to work, got ${quote(message ?? cause)}`;
    throw new StoreError("unavailable", `${what}: ${expected}`, { key, cause });
  }
}
