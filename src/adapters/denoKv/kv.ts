/** A key of Deno KV, as the store makes them. */
export type KvKey = readonly (string | number)[];

/** What lies under a key. */
export interface KvEntry {
  readonly key: readonly unknown[];
  readonly value: unknown;
  readonly versionstamp: string | null;
}

/** What is used of an atomic operation. */
export interface KvAtomic {
  check(check: { key: KvKey; versionstamp: string | null }): unknown;
  set(key: KvKey, value: unknown, options?: { expireIn?: number }): unknown;
  delete(key: KvKey): unknown;
  commit(): Promise<{ ok: boolean; versionstamp?: string }>;
}

/** What is used of a Deno KV, which `Deno.openKv` opens. */
export interface DenoKvLike {
  getMany(keys: any): Promise<any>;
  list(selector: { start: KvKey; end: KvKey }, options?: { limit?: number; batchSize?: number }): AsyncIterable<any>;
  atomic(): KvAtomic;
}

// What Deno KV refuses more of: reads at once, checks of one commit.
export const maxReads = 10;
export const maxChecks = 100;
// A value may have 64 KiB and a commit 800 KiB, what wraps the bytes included.
export const maxPart = 65_000;
export const maxCommit = 780_000;
