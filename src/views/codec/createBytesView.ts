import { andThen } from "../../core/attempt.ts";
import type { Bytes } from "../../core/bytes.ts";
import type { Awaitable, Store, Value } from "../../core/contract.ts";
import { checkKey } from "../../core/key.ts";
import { lendBy, lentBy } from "../../core/lending.ts";
import { encodeText } from "../../core/utf8.ts";
import { copyBytes, equalBytes, toBytes } from "../../core/value.ts";
import { createSlowView } from "./createSlowView.ts";

/** How bytes become other bytes, and back. */
interface BytesCodec {
  /** Returns what is stored of bytes, which are its own. */
  encode(key: string, bytes: Bytes): Awaitable<Uint8Array>;
  /** Returns the bytes, the caller's own, that were stored as others, which are only lent. */
  decode(key: string, stored: Uint8Array): Awaitable<Bytes>;
}

/** Returns a view of bytes that are stored as others. Its listings have no sizes: those of what is stored are not those of its values. */
export function createBytesView(store: Store, codec: BytesCodec): Store {
  const decode = (key: string, stored: Value): Awaitable<Bytes> => codec.decode(key, toBytes(stored));
  const view = createSlowView<Bytes, Bytes>(
    store,
    {
      encode: (key, value) => codec.encode(checkKey(key), copyBytes(value)),
      decode,
      match(key, expected) {
        const wanted = copyBytes(expected);
        return (stored) => andThen(decode(key, stored), (value) => equalBytes(value, wanted));
      },
    },
    { toText: (value) => value, fromNumber: (sum) => encodeText(`${sum}`) },
  );
  const { list } = view;
  const findStrays = lentBy(view, "list");
  view.list = async (options) => {
    const page = await list(options);
    return { ...page, entries: page.entries.map(({ key, expiresAt }) => ({ key, expiresAt })) };
  };
  if (findStrays) lendBy(view, "list", findStrays);
  return view;
}
