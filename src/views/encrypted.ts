import type { Bytes } from "../core/bytes.ts";
import { checkCall, checkStore } from "../core/check.ts";
import type { Awaitable, Store } from "../core/contract.ts";
import { check, quote, StoreError } from "../core/error.ts";
import { isWellFormed } from "../core/key.ts";
import { decodeLoosely, encodeText } from "../core/utf8.ts";
import { joinBytes } from "../core/value.ts";
import { attemptStep } from "./codec/attemptStep.ts";
import { createBytesView } from "./codec/createBytesView.ts";
import { fail } from "./codec/fail.ts";

/** What {@link encrypted} encrypts with. */
export interface EncryptedOptions {
  /** AES-GCM keys by their ids: 1 to 255 UTF-8 bytes each. The id of the key stands, unencrypted, in each value. */
  keys: Readonly<Record<string, CryptoKey>>;
  /** The id of the key that encrypts; the others only decrypt. @default the last of `keys` */
  use?: string | undefined;
}

// A value begins with this byte, the length of its key's id, the id and the nonce. What is encrypted follows, and ends in a tag.
const version = 1;
const nonceLength = 12;
const tagLength = 16;

/**
 * Returns a view of a store whose values are encrypted there: by AES-GCM of Web Crypto, each with a random nonce of 96 bits. A value
 * is bound to its key, as this view has it, to the version of its format and to the id of its key of encryption. So what was
 * moved to another key of the store, cut, or changed in a single bit is `cant-decode`, as is what was encrypted with another key. A
 * `prefix` beneath this view may change, one above it is part of what is bound.
 *
 * To change keys, add a new one and `use` it: what the old one has encrypted stays readable as long as that is among `keys`, and is
 * encrypted with the new one when it is written next. A value whose id is not among `keys` is `cant-decode`, with the id in its
 * message. Integers among the ids of an object come first, in their order, so name the one to `use` if you have such ids.
 *
 * Not protected: which keys there are, how long values are (28 bytes more than yours, and the id), when they expire and change, and
 * their age. Who can write to the store can put an older value of a key back in its place, remove values, and give them another
 * deadline. Use one key for at most 2^32 writes, as nonces are random.
 *
 * The calls about a key come in the order in which they were made. An atomic call reads, decrypts, decides, encrypts, and writes if
 * the bytes are still the same, again until no other writer is faster; after 64 tries it rejects `conflict`. `compareAndSet` compares
 * what was encrypted. Listings have no sizes. Closing the view closes the store. Throws `invalid-argument`, and `unsupported` where
 * there is no Web Crypto: a page has it over HTTPS and on localhost.
 *
 * @example Encrypts with a key that this process alone knows.
 * ```ts
 * import { memory } from "shelflife";
 * import { encrypted } from "shelflife/views/encrypted";
 *
 * const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
 * const store = memory();
 * const secrets = encrypted(store, { keys: { "2026": key } });
 * await secrets.set("pin", new TextEncoder().encode("1234"));
 * console.log(new TextDecoder().decode(await secrets.get("pin")), (await store.get("pin")).length); // 1234 38
 * ```
 *
 * @example Encrypts with a passphrase: keep the salt, which is no secret, beside the values.
 * ```ts
 * import { memory } from "shelflife";
 * import { encrypted } from "shelflife/views/encrypted";
 *
 * async function keyOf(passphrase: string, salt: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
 *   const given = await crypto.subtle.importKey("raw", new TextEncoder().encode(passphrase), "PBKDF2", false, ["deriveKey"]);
 *   // As many rounds as OWASP asks for with SHA-256.
 *   const work = { name: "PBKDF2", hash: "SHA-256", salt, iterations: 600_000 };
 *   return crypto.subtle.deriveKey(work, given, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
 * }
 *
 * const store = memory();
 * await store.setIfAbsent("salt", crypto.getRandomValues(new Uint8Array(16)));
 * const key = await keyOf("correct horse battery staple", await store.get("salt"));
 * const notes = encrypted(store, { keys: { passphrase: key } });
 * await notes.set("note", new TextEncoder().encode("tea"));
 * console.log(new TextDecoder().decode(await notes.get("note"))); // tea
 * ```
 */
export function encrypted(store: Store, options: EncryptedOptions): Store {
  checkStore(store);
  const { keys, use } = checkOptions(options);
  const used = keys.get(use)!;
  const id = encodeText(use);
  const head = joinBytes([Uint8Array.of(version, id.length), id]);

  /** Returns what the platform has to know of one value, which binds it to its head and its key. */
  const algorithm = (key: string, start: Uint8Array, iv: Bytes): AesGcmParams => ({
    name: "AES-GCM",
    iv,
    additionalData: joinBytes([start, encodeText(key)]),
  });

  return createBytesView(store, {
    encode(key, bytes) {
      const nonce = crypto.getRandomValues(new Uint8Array(nonceLength));
      return attemptStep(
        () => crypto.subtle.encrypt(algorithm(key, head, nonce), used, bytes),
        (sealed) => joinBytes([head, nonce, new Uint8Array(sealed)]),
        (cause) => fail("cant-encode", key, "a value that Web Crypto encrypts", cause),
      );
    },
    decode(key, stored): Awaitable<Bytes> {
      // Neither the store's any more, nor in memory that is shared.
      const bytes = new Uint8Array(stored);
      const end = 2 + bytes[1]!;
      const start = end + nonceLength;
      if (bytes[0] !== version || !(bytes.length >= start + tagLength))
        return fail("cant-decode", key, "a value that was encrypted");
      const name = decodeLoosely(bytes.subarray(2, end));
      const found = keys.get(name);
      if (!found)
        return fail(
          "cant-decode",
          key,
          `a value encrypted with ${[...keys.keys()].map(quote).join(" or ")}, got one with ${quote(name)}`,
        );
      return attemptStep(
        () =>
          crypto.subtle.decrypt(
            algorithm(key, bytes.subarray(0, end), bytes.subarray(end, start)),
            found,
            bytes.subarray(start),
          ),
        (opened) => new Uint8Array(opened),
        (cause) => fail("cant-decode", key, `a value that ${quote(name)} encrypted for this key, unchanged`, cause),
      );
    },
  });
}

function checkOptions(options: EncryptedOptions): { keys: ReadonlyMap<string, CryptoKey>; use: string } {
  const { keys: given, use: chosen } = checkCall<EncryptedOptions>(options);
  if (!globalThis.crypto?.subtle)
    throw new StoreError(
      "unsupported",
      "Cannot encrypt: expected Web Crypto, which a page has over HTTPS and on localhost",
    );
  check(Object(given) === given, "keys", "an object of AES-GCM keys by id", given);
  const keys = new Map(Object.entries(given!));
  const use = chosen ?? [...keys.keys()].at(-1)!;
  check(keys.has(use), "use", "the id of one of the keys", use);
  for (const [id, key] of keys) {
    check(id && isWellFormed(id) && encodeText(id).length < 256, "id of a key", "1 to 255 UTF-8 bytes", id);
    const wanted = id === use ? ["encrypt", "decrypt"] : ["decrypt"];
    const isRight =
      key?.algorithm?.name === "AES-GCM" && wanted.every((usage) => key.usages.includes(usage as KeyUsage));
    check(isRight, `key ${quote(id)}`, `an AES-GCM CryptoKey to ${wanted.join(" and ")}`, key);
  }
  return { keys, use };
}
