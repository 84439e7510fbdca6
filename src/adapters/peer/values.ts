import type { Entry, Lifetime, NewEntry } from "../../core/contract.ts";
import { check, kindOf } from "../../core/error.ts";
import { encodeText } from "../../core/utf8.ts";
import { coded, headOf, open, place, textOf, type Peer } from "./peer.ts";

/** Reads the text under a key. */
export async function find(peer: Peer, key: string): Promise<string | undefined> {
  const id = await place(peer, key);
  const found = await peer.store.find(id);
  return found && textOf(id, open(peer, id, found)[1]);
}

/** Writes a text. */
export async function set(peer: Peer, key: string, text: string, lifetime?: Lifetime): Promise<void> {
  const id = await place(peer, key);
  await peer.store.set(id, encodeText(headOf(peer, id, key) + text), lifetime);
}

/** Writes texts, all or none. */
export async function setMany(
  peer: Peer,
  items: readonly (readonly [key: string, text: string, lifetime?: Lifetime | undefined])[],
): Promise<void> {
  const placed = items.map(async ([key, text, lifetime]) => {
    const id = await place(peer, key);
    return [id, encodeText(headOf(peer, id, key) + text), lifetime] as const;
  });
  await peer.store.setMany(await Promise.all(placed));
}

/** Removes values, and counts those that were there. */
export async function remove(peer: Peer, keys: readonly string[]): Promise<number> {
  return peer.store.deleteMany(await Promise.all(keys.map((key) => place(peer, key))));
}

function textEntry(peer: Peer, id: string, entry: Entry | undefined): Entry<string> | undefined {
  return entry && { value: textOf(id, open(peer, id, entry.value)[1]), expiresAt: entry.expiresAt };
}

/** Reads the entry of a text. */
export async function findEntry(peer: Peer, key: string): Promise<Entry<string> | undefined> {
  const id = await place(peer, key);
  return textEntry(peer, id, await peer.store.entry(id));
}

/** Replaces an entry of a text by what `decide` makes of it in one step, and returns it afterwards. */
export async function change(
  peer: Peer,
  key: string,
  decide: (entry: Entry<string> | undefined) => NewEntry<string> | undefined,
): Promise<Entry<string> | undefined> {
  const id = await place(peer, key);
  const [entry] = await peer.store.transact([id], ([current]) => {
    const next = decide(textEntry(peer, id, current));
    return [next && { ...next, value: encodeText(headOf(peer, id, key) + next.value) }];
  });
  return textEntry(peer, id, entry);
}

/** Returns the JSON of a value. Throws `cant-encode` for what has none, or is of another kind there: bytes, a Map, a Date, NaN. */
export function stringify(key: string, value: unknown): string {
  return coded("cant-encode", key, () => {
    const text = JSON.stringify(value);
    check(kindOf(JSON.parse(text)) === kindOf(value), "value", "JSON", text);
    return text;
  });
}
