import type { Awaitable, CallOptions } from "../../core/contract.ts";
import { encodeText } from "../../core/utf8.ts";
import { joinBytes } from "../../core/value.ts";
import { headOf, mark, open, place, type Peer } from "../peer/peer.ts";
import { bytesOf, nameOf } from "./names.ts";
import { compare, has, startOf, type Range } from "./range.ts";

/** Where the value of a key lies. */
export interface Place {
  readonly key: Uint8Array;
  readonly id: string;
}

/** How many values are read at once. */
export const pageSize = 100;

/** Returns where the value of a key lies in the store. */
export const idOf = (peer: Peer, key: Uint8Array): Awaitable<string> => place(peer, nameOf(key));

/** Returns what lies there with a value. */
export async function record(peer: Peer, key: Uint8Array, value: Uint8Array): Promise<[id: string, value: Uint8Array]> {
  const id = await idOf(peer, key);
  const head = encodeText(headOf(peer, id, nameOf(key)));
  return [id, head.length ? joinBytes([head, value]) : value];
}

/** Reads the values at ids, `undefined` for none. */
export async function read(
  peer: Peer,
  ids: readonly string[],
  options?: CallOptions,
): Promise<(Uint8Array | undefined)[]> {
  const found = await peer.store.findMany(ids, options);
  return found.map((value, index) => value && open(peer, ids[index]!, value)[1]);
}

/** Lists the keys of a range, in their order, or from the last to the first. */
export async function list(
  peer: Peer,
  { signal, ...range }: Range & CallOptions & { readonly reverse: boolean },
): Promise<Place[]> {
  const start = startOf(range);
  const found: Place[] = [];
  const hashed: string[] = [];
  const add = (name: string, id: string): void => {
    const key = bytesOf(name);
    if (has(range, key)) found.push({ key, id });
  };
  // A key that lies behind its hash may be any: a listing by a start that hashes do not have passes them over.
  for (const prefix of mark.startsWith(start) ? [start] : [start, mark]) {
    for await (const id of peer.store.keys({ prefix: peer.prefix + prefix, signal })) {
      if (id.startsWith(mark, peer.prefix.length)) hashed.push(id);
      else add(id.slice(peer.prefix.length), id);
    }
  }
  for (let at = 0; at < hashed.length; at += pageSize) {
    const ids = hashed.slice(at, at + pageSize);
    const values = await peer.store.findMany(ids, { signal });
    for (const [index, id] of ids.entries()) if (values[index]) add(open(peer, id, values[index])[0], id);
  }
  const direction = range.reverse ? -1 : 1;
  return found.sort((a, b) => direction * compare(a.key, b.key));
}
