import { isStoreError } from "../../core/error.ts";
import type { Names } from "./names.ts";
import type { Send } from "./send.ts";

/** What a server makes of conditional requests. Some take no notice of a condition, without a word. */
export interface Conditionals {
  /** Whether a PUT happens only if its condition is met. */
  readonly putsIf: boolean;
  /** Whether a DELETE happens only if its condition is met, and then once. */
  readonly deletesIf: boolean;
  /** Writes a tag as the server wants it in a condition. */
  tag(etag: string): string;
}

const asItIs = (etag: string): string => etag;
const bare = (etag: string): string => etag.replaceAll('"', "");
const wrong = `"${"0".repeat(32)}"`;

/** Returns what finds out, on an object of its own, what a server makes of conditions. It does so once, when that matters. */
export function createConditionals(send: Send, names: Names): () => Promise<Conditionals> {
  let found: Promise<Conditionals> | undefined;

  async function probe(): Promise<Conditionals> {
    const name = names.ofProbe();
    const body = new TextEncoder().encode(name);

    /** Writes the object, always the same bytes, or removes it, on a condition; resolves with whether that happened. */
    async function ask(method: "PUT" | "DELETE", condition: string, tag: string): Promise<string | undefined> {
      return send(
        {},
        {
          method,
          name,
          headers: condition === "" ? {} : { [condition]: tag },
          ...(method === "PUT" && { body }),
          read: (headers) => (method === "PUT" ? (headers.get("etag") ?? undefined) : "done"),
          // To do it again does no harm.
          isDone: async () => undefined,
        },
      );
    }

    const etag = (await ask("PUT", "", ""))!;
    try {
      let tag = asItIs;
      const putsIf = await honest(async () => {
        if (await ask("PUT", "if-none-match", "*")) return false;
        if (await ask("PUT", "if-match", wrong)) return false;
        if (!(await ask("PUT", "if-match", etag))) tag = bare;
        return tag === asItIs || !!(await ask("PUT", "if-match", bare(etag)));
      });
      const deletesIf = await honest(async () => {
        if (!putsIf || (await ask("DELETE", "if-match", tag(wrong)))) return false;
        // Of two that remove the same object one has to hear that it was the other.
        return !!(await ask("DELETE", "if-match", tag(etag))) && !(await ask("DELETE", "if-match", tag(etag)));
      });
      return { putsIf, deletesIf, tag };
    } finally {
      await ask("DELETE", "", "");
    }
  }

  // A success is kept, a failure forgotten.
  return () =>
    (found ??= probe().catch((error: unknown) => {
      found = undefined;
      throw error;
    }));
}

/** Takes what a server says that it cannot do for what it does not. */
async function honest(test: () => Promise<boolean>): Promise<boolean> {
  try {
    return await test();
  } catch (error) {
    if (isStoreError(error, "unsupported")) return false;
    throw error;
  }
}
