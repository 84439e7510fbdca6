import type { Entry, Store } from "../core/contract.ts";
import { check } from "../core/error.ts";
import { readBody } from "./_request.ts";
import type { Ask, Limits } from "./_routes.ts";
import {
  done,
  refusal,
  unframe,
  writeFrame,
  writeJson,
  type Batch,
  type BatchItem,
  type Found,
  type Reply,
} from "./wire.ts";

// How many entries are read at once, so that too much of them is noticed before it is all there.
const portion = 100;

/** Does what a batch asks for, all of it or nothing. */
export async function runBatch({ store, request, allow }: Ask, limits: Limits): Promise<Reply> {
  const body = await readBody(request, limits.maxBytes);
  const [batch, next] = readBatch(body, limits.maxItems);
  if ("find" in batch) {
    allow("read");
    return findMany(store, batch.find, limits);
  }
  allow("write");
  if ("delete" in batch) return writeJson(await store.deleteMany(batch.delete));
  await store.setMany(batch.set.map(([key, size, ttl]) => [key, next(size), { ttl: ttl ?? undefined }]));
  return done;
}

async function findMany(store: Store, keys: readonly string[], { maxBytes, now }: Limits): Promise<Reply> {
  const found: (Entry | undefined)[] = [];
  for (let at = 0, size = 0; at < keys.length; at += portion) {
    // Not findMany: a value goes out with its deadline, or it could arrive too late.
    const entries = await Promise.all(keys.slice(at, at + portion).map((key) => store.entry(key)));
    found.push(...entries);
    size += entries.reduce((sum, entry) => sum + (entry?.value.length ?? 0), 0);
    if (size > maxBytes) throw refusal("size", `Values are too large together: expected at most ${maxBytes} bytes`);
  }
  const time = now();
  const live = found.map((entry) => (entry && entry.expiresAt > time ? entry : undefined));
  // JSON has no Infinity, and writes null.
  const lines: Found = live.map((entry) => (entry ? [entry.value.length, entry.expiresAt - time] : null));
  return writeFrame(
    lines,
    live.flatMap((entry) => (entry ? [entry.value] : [])),
  );
}

/** Reads a batch strictly: one thing to do, with so many items at most, and just the values that they announce. */
function readBatch(body: Uint8Array, maxItems: number): [batch: Batch, next: (size: number) => Uint8Array] {
  let head: unknown;
  let next: ((size: number) => Uint8Array) | undefined;
  try {
    [head, next] = unframe(body);
  } catch {
    // Told below.
  }
  const [[name, items] = [], ...others] = Object(head) === head ? Object.entries(head as Record<string, unknown>) : [];
  const isBatch = next && ["find", "set", "delete"].includes(name!) && Array.isArray(items) && !others.length;
  check(isBatch, "batch", 'a line of JSON with a list of what to "find", "set" or "delete"', head);
  const { length } = items as unknown[];
  check(length <= maxItems, "batch", `at most ${maxItems} items`, length);
  const sizes = name === "set" ? (items as unknown[]).map(sizeOf) : [];
  const sum = sizes.reduce((total, size) => total + size, 0);
  const given = body.length - body.indexOf(10) - 1;
  check(sum === given, "batch", `values of ${sum} bytes together`, given);
  return [head as Batch, next!];
}

function sizeOf(item: unknown): number {
  const [, size] = (Array.isArray(item) ? item : []) as unknown as BatchItem;
  check(Number.isSafeInteger(size) && size >= 0, "batch item", "a key, a size in bytes, and a ttl or null", item);
  return size;
}
