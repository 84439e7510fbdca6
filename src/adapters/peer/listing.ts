import { mark, open, textOf, type Peer } from "./peer.ts";

/** Iterates over the keys, each with its text. */
export async function* texts(peer: Peer): AsyncGenerator<[key: string, text: string]> {
  for await (const entry of peer.store.entries({ prefix: peer.prefix })) {
    const [key, value] = open(peer, entry.key, entry.value);
    yield [key, textOf(key, value)];
  }
}

/** Returns the key of an id in the store, `undefined` if it lies behind its hash and its value is gone. */
export async function keyOf(peer: Peer, id: string): Promise<string | undefined> {
  if (!id.startsWith(mark, peer.prefix.length)) return id.slice(peer.prefix.length);
  const found = await peer.store.find(id);
  return found && open(peer, id, found)[0];
}

/** Reads the keys of the ids in the store that begin with a text. */
export async function keys(peer: Peer, start = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const id of peer.store.keys({ prefix: peer.prefix + start })) {
    const key = await keyOf(peer, id);
    if (key !== undefined) found.push(key);
  }
  return found;
}
