import { join } from "node:path";
import { sqlite } from "../../src/backends/sqlite.ts";
import type { Store } from "../../src/core/contract.ts";
import { utf8 } from "./bytes.ts";
import { folder, storeIn } from "./world.ts";

/** A store of a test's own, in a file. */
export interface FileStore {
  readonly path: string;
  /** The options by which commands open it. */
  readonly args: string[];
}

let files = 0;

/** Makes a store in a file of its own, filled. */
export async function makeStore(fill: (store: Store) => Promise<unknown> = async () => {}): Promise<FileStore> {
  const path = join(folder, `store-${++files}.db`);
  const store = sqlite({ path });
  await fill(store);
  await store.close();
  return { path, args: storeIn(path) };
}

/** Returns all that a store has. */
export async function contents({ path }: FileStore): Promise<Record<string, [value: string, expiresAt: number]>> {
  const store = sqlite({ path });
  const all: Record<string, [string, number]> = {};
  for await (const key of store.keys()) {
    const { value, expiresAt } = (await store.entry(key))!;
    all[key] = [Buffer.from(value).toString("latin1"), expiresAt];
  }
  await store.close();
  return all;
}

/** Fills a store with a thousand values, each with a deadline. */
export const fillMany = (store: Store): Promise<void> =>
  store.setMany(Array.from({ length: 1000 }, (_, at) => [`key ${at}`, utf8(`value ${at}`), { ttl: 3_600_000 + at }]));
