/** Throws unless what was read is whole and makes sense. */
export function expectComplete(isSo: boolean): void {
  if (!isSo) throw new RangeError("Cut short");
}

/** Whether something is a number of things, or of bytes. */
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * Reads a body. Throws if it is cut short.
 *
 * @example Reads the body of an answer.
 * ```ts
 * import { readBytes } from "shelflife/http/wire";
 *
 *
 * const bytes = await readBytes(new Response("hello", { headers: { "content-length": "5" } }));
 * console.log(bytes.length); // 5
 * ```
 */
export async function readBytes(response: Response): Promise<Uint8Array> {
  const { headers } = response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  // With a proxy that compresses, the length is that of something else.
  const announced = !headers.has("content-encoding") && headers.get("content-length");
  expectComplete(!announced || +announced === bytes.length);
  return bytes;
}
