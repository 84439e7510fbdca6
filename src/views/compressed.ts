import type { Bytes } from "../core/bytes.ts";
import { checkCall, checkStore } from "../core/check.ts";
import type { Store } from "../core/contract.ts";
import { check, StoreError } from "../core/error.ts";
import { positiveInteger } from "../core/options.ts";
import { joinBytes } from "../core/value.ts";
import { attemptStep } from "./codec/attemptStep.ts";
import { createBytesView } from "./codec/createBytesView.ts";
import { fail } from "./codec/fail.ts";

/** What {@link compressed} compresses, and what it takes back. */
export interface CompressedOptions {
  /** How many bytes a value has at least that it tries to compress. @default 1024 */
  over?: number | undefined;
  /**
   * How many bytes a value may have that was compressed. What has more is stored as it is, and what would have more when it is
   * read is refused. @default 67_108_864 (64 MiB)
   */
  maxBytes?: number | undefined;
}

// What a value begins with: whether the rest is the value as it is, or its gzip. No bit that flips makes one of the other.
const plain = 0;
const packed = 255;

// So much goes in at once that a thousand times as much may come out at once: bytes.
const portion = 16_384;

/**
 * Returns a view of a store whose values are compressed there, by the platform's own gzip, where that makes them smaller. One byte
 * before each says whether it is, so none takes more than one byte more than it has. Stored bytes that are neither, or gzip that is
 * damaged or cut, are `cant-decode`; so is what would unpack to more than `maxBytes`, of which no more than that is unpacked. What
 * was not compressed has no checksum.
 *
 * Do not compress secrets together with text that an attacker chooses: the size of what is stored shows what they have in common.
 * Put this view over `encrypted`, not under it: `compressed(encrypted(store, { keys }))`. What is encrypted does not get smaller.
 *
 * The calls about a key come in the order in which they were made. An atomic call reads, decodes, decides, encodes, and writes if the
 * bytes are still the same, again until no other writer is faster; after 64 tries it rejects `conflict`. Listings have no sizes.
 * Closing the view closes the store. Throws `invalid-argument`, and `unsupported` where there is no `CompressionStream`.
 *
 * @example Stores a page of text in a hundredth of its size.
 * ```ts
 * import { memory } from "shelflife";
 * import { compressed } from "shelflife/views/compressed";
 *
 * const store = memory();
 * const pages = compressed(store);
 * await pages.set("page", new TextEncoder().encode("<p>tea</p>".repeat(1000)));
 * console.log((await pages.get("page")).length, (await store.get("page")).length < 100); // 10000 true
 * ```
 */
export function compressed(store: Store, options: CompressedOptions = {}): Store {
  checkStore(store);
  const { over = 1024, maxBytes = 67_108_864 } = checkCall<CompressedOptions>(options);
  check(typeof over === "number" && over >= 0, "over", "a number of bytes", over);
  check(positiveInteger.test(maxBytes), "maxBytes", positiveInteger.expected, maxBytes);
  if (!globalThis.CompressionStream)
    throw new StoreError("unsupported", "Cannot compress: expected a platform with CompressionStream");

  return createBytesView(store, {
    encode(key, bytes) {
      const asIs = joinBytes([Uint8Array.of(plain), bytes]);
      const { length } = bytes;
      if (length < over || length > maxBytes) return asIs;
      return attemptStep(
        () => pass(bytes, new CompressionStream("gzip"), Infinity),
        (gzip) => (gzip!.length < length ? joinBytes([Uint8Array.of(packed), gzip!]) : asIs),
        (cause) => fail("cant-encode", key, "a value that can be compressed", cause),
      );
    },
    decode(key, stored) {
      // Not the store's any more.
      const bytes = new Uint8Array(stored.subarray(1));
      if (stored[0] === plain) return bytes;
      const refuse = (cause?: unknown): never =>
        fail("cant-decode", key, "a value that was compressed, undamaged", cause);
      if (stored[0] !== packed) return refuse();
      return attemptStep(
        () => pass(bytes, new DecompressionStream("gzip"), maxBytes),
        (value) => value ?? fail("cant-decode", key, `at most ${maxBytes} bytes when it is unpacked`),
        refuse,
      );
    },
  });
}

/** Returns what comes of bytes that pass through a stream; nothing as soon as that is more than so many bytes. */
async function pass(
  bytes: Bytes,
  stream: CompressionStream | DecompressionStream,
  most: number,
): Promise<Bytes | undefined> {
  let at = 0;
  const source = new ReadableStream<Bytes>({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, (at += portion)));
      else controller.close();
    },
  });
  const reader = source.pipeThrough(stream).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joinBytes(parts);
    length += value.length;
    if (length > most) {
      reader.cancel().catch(() => {});
      return undefined;
    }
    parts.push(value);
  }
}
