import type { Entry } from "../../core/contract.ts";
import { check } from "../../core/error.ts";
import { untilAborted } from "../../core/untilAborted.ts";
import { checkCall, runCalls, sizeOf, type Means } from "./calls.ts";
import { done, refusal, writeFrame, writeJson, type Reply } from "./reply.ts";
import type { Ask, Limits } from "./routes.ts";
import { unframe, type Batch, type BatchCall, type BatchItem, type Found } from "../wire.ts";

// How many entries are read at once, so that too much of them is noticed before it is all there.
const portion = 100;

/** Cuts the next value off a batch. */
type Next = (size: number) => Uint8Array;

/** Does what a batch asks for, all of it or nothing; of calls, each for itself. */
export async function runBatch(ask: Ask, means: Means): Promise<Reply> {
  const { store, allow, signal } = ask;
  const [batch, next] = readBatch(await ask.body(), means);
  // Not each call by itself: that costs more than the call.
  if ("calls" in batch) return untilAborted(runCalls(ask, batch.calls, next, means), signal);
  if ("find" in batch) {
    allow("read");
    return findMany(ask, batch.find, means);
  }
  allow("write");
  if ("delete" in batch) return writeJson(await store.deleteMany(batch.delete, { signal }));
  const items = batch.set.map(([key, size, ttl]) => [key, next(size), { ttl: ttl ?? undefined }] as const);
  await store.setMany(items, { signal });
  return done;
}

async function findMany({ store, signal }: Ask, keys: readonly string[], limits: Limits): Promise<Reply> {
  const { maxBytes, now } = limits;
  const found: (Entry | undefined)[] = [];
  for (let at = 0, size = 0; at < keys.length; at += portion) {
    // Not findMany: a value goes out with its deadline, or it could arrive too late.
    const entries = await Promise.all(keys.slice(at, at + portion).map((key) => store.entry(key, { signal })));
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

const names: readonly (string | undefined)[] = ["calls", "find", "set", "delete"];

/** Reads a batch strictly: one thing to do, with so many items at most, and just the values that they announce. */
function readBatch(body: Uint8Array, { maxItems, maxBytes }: Limits): [batch: Batch, next: Next] {
  let head: unknown;
  let next: Next | undefined;
  try {
    [head, next] = unframe(body);
  } catch {
    // Told below.
  }
  const [[name, items] = [], ...others] = Object(head) === head ? Object.entries(head as Record<string, unknown>) : [];
  const isBatch = next && names.includes(name) && Array.isArray(items) && !others.length;
  check(isBatch, "batch", 'a line of JSON with a list of "calls", or of what to "find", "set" or "delete"', head);
  check(items.length <= maxItems, "batch", `at most ${maxItems} items`, items.length);
  let sum = 0;
  if (name === "set") {
    items.forEach(checkItem);
    for (const [, size] of items as BatchItem[]) sum += size;
  } else if (name === "calls") {
    items.forEach(checkCall);
    for (const call of items as BatchCall[]) sum += sizeOf(call) ?? 0;
  }
  const given = body.length - body.indexOf(10) - 1;
  check(sum === given, "batch", `values of ${sum} bytes together`, given);
  if (sum > maxBytes) throw refusal("size", `Values are too large together: expected at most ${maxBytes} bytes`);
  return [head as Batch, next!];
}

/** Throws `invalid-argument` for what is no item to write. */
function checkItem(item: unknown): void {
  const size = (Array.isArray(item) ? item : [])[1] as unknown;
  const isItem = Number.isSafeInteger(size) && (size as number) >= 0;
  check(isItem, "batch item", "a key, a size in bytes, and a ttl or null", item);
}
