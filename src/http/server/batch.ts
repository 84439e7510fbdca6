import { check } from "../../core/error.ts";
import { untilAborted } from "../../core/untilAborted.ts";
import {
  readBatch,
  type Batch,
  type BatchCall,
  type BatchItem,
  type BatchStep,
  type Found,
  type UnlessLine,
} from "../wire/batch.ts";
import { sizeOfValues } from "../wire/frame.ts";
import { keep } from "../wire/ttl.ts";
import type { Ask } from "./ask.ts";
import { refuseAction } from "./access.ts";
import { checkHead, checkValues } from "./batchHead.ts";
import { checkCall, lifetimeAt, operationOf, runCalls, sizeOf } from "./calls.ts";
import type { KnownEntry } from "./getUnless.ts";
import type { Limits } from "./limits.ts";
import { shapes, type LiveEntry, type Operation } from "./operation.ts";
import { operations } from "./operations.ts";
import { done, writeFrame, writeJson, type Reply } from "./reply.ts";
import type { Room } from "./room.ts";
import type { Prepared } from "./route.ts";
import type { Action } from "./scope.ts";
import type { Step } from "./transact.ts";

/** Cuts the next value off a batch. */
type Next = (size: number) => Uint8Array;

const { findMany, snapshot, getUnless, transact, setMany, deleteMany } = operations;

/** Reads a batch of a sender who may do anything that there is in one, and returns how it is done. */
export async function prepareBatch(ask: Ask, limits: Limits, makeRoom: () => Room): Promise<Prepared> {
  if (!ask.can("read") && !ask.can("write")) throw refuseAction("read or write");
  const body = await ask.body();
  const [batch, next] = checkBatch(body, limits);
  return {
    content: () => contentOf(ask, batch, body),
    run: () => runBatch(ask, batch, next, makeRoom()),
  };
}

/** Does what a batch asks for, all of it or nothing; of calls, each for itself. */
async function runBatch(ask: Ask, batch: Batch, next: Next, room: Room): Promise<Reply> {
  const { allow, signal } = ask;
  if ("calls" in batch) return untilAborted(runCalls(ask, batch.calls, next, room), signal);
  if ("find" in batch) {
    allow(...findMany.needs);
    return writeFound(await findMany.run(ask, batch.find, room));
  }
  if ("findTagged" in batch) {
    allow(...snapshot.needs);
    return writeFound(await snapshot.run(ask, batch.findTagged, room));
  }
  if ("getUnless" in batch) {
    allow(...getUnless.needs);
    return writeUnless(await getUnless.run(ask, batch.getUnless, room));
  }
  if ("transact" in batch) {
    allow(...transact.needs);
    const steps = batch.transact.map(([key, size, tag, ttl]): Step => {
      const given = typeof size === "number" ? next(size) : undefined;
      return { key, tag, next: size === keep ? keep : given, ttl: ttl ?? undefined };
    });
    return writeJson(await transact.run(ask, steps, room));
  }
  if ("delete" in batch) {
    allow(...deleteMany.needs);
    return writeJson(await deleteMany.run(ask, batch.delete));
  }
  allow(...setMany.needs);
  const items = batch.set.map(([key, size, ttl]) => [key, next(size), { ttl: ttl ?? undefined }] as const);
  await setMany.run(ask, items);
  return done;
}

/**
 * Returns what a batch asks for as it stays the same when it is repeated, since lifetimes shrink meanwhile; and which of that
 * its sender may not do, so that nobody is answered by the rights of another.
 */
async function contentOf(ask: Ask, batch: Batch, body: Uint8Array): Promise<string | undefined> {
  const needs = needsOf(batch);
  const isRefused = (actions: readonly Action[]): boolean => !actions.every(ask.can);
  if (needs.length && needs.every(isRefused)) return undefined;
  const missing = new Set(needs.flat().filter((action) => !ask.can(action)));
  const size = sizeOfValues(body);
  const values = size && (await ask.hash(body.subarray(body.length - size)));
  return JSON.stringify([withoutLifetimes(batch), values, [...missing].sort()]);
}

/** Returns what its sender has to be allowed to do: for a batch as a whole, or for each call. */
function needsOf(batch: Batch): readonly (readonly Action[])[] {
  if ("calls" in batch) return batch.calls.map((call) => operationOf(call[0]).needs);
  return [operationOfBatch(batch).needs];
}

function operationOfBatch(batch: Exclude<Batch, { calls: unknown }>): Operation {
  if ("find" in batch) return findMany;
  if ("findTagged" in batch) return snapshot;
  if ("getUnless" in batch) return getUnless;
  if ("transact" in batch) return transact;
  return "set" in batch ? setMany : deleteMany;
}

function withoutLifetimes(batch: Batch): unknown {
  if ("transact" in batch) return { transact: batch.transact.map((step) => withoutLifetime(step, 3)) };
  if ("set" in batch) return { set: batch.set.map((item) => withoutLifetime(item, 2)) };
  if ("calls" in batch) return { calls: batch.calls.map((call) => withoutLifetime(call, lifetimeAt(call))) };
  return batch;
}

function withoutLifetime(line: readonly unknown[], at: number): readonly unknown[] {
  return line.map((each, index) => (index === at && typeof each === "number" ? 0 : each));
}

function writeFound(entries: readonly ((LiveEntry & { tag?: string }) | undefined)[]): Reply {
  const lines: Found = entries.map((entry) => {
    if (!entry) return null;
    return entry.tag === undefined ? [entry.value.length, entry.ttl] : [entry.value.length, entry.ttl, entry.tag];
  });
  return writeFrame(
    lines,
    entries.flatMap((entry) => (entry ? [entry.value] : [])),
  );
}

function writeUnless(entries: readonly (KnownEntry | undefined)[]): Reply {
  const lines = entries.map((entry): UnlessLine | null =>
    entry
      ? [entry.value?.length ?? null, entry.ttl, entry.tag, ...(entry.left ? ([entry.left] as const) : ([] as const))]
      : null,
  );
  return writeFrame(
    lines,
    entries.flatMap((entry) => entry?.value ?? []),
  );
}

const names: readonly (string | undefined)[] = [
  "calls",
  "find",
  "findTagged",
  "getUnless",
  "set",
  "delete",
  "transact",
];

/** Reads a batch strictly: one thing to do, with so many items at most, and just the values that they announce. */
function checkBatch(body: Uint8Array, limits: Limits): [batch: Batch, next: Next] {
  const { maxItems } = limits;
  checkHead(body, limits);
  const { head, batch } = readBatch(body);
  const items = batch?.items;
  const isBatch = batch && names.includes(batch.name) && Array.isArray(items);
  check(
    isBatch,
    "batch",
    'a line of JSON with a list of "calls", or of what to "find", "findTagged", "getUnless", "set", "delete" or "transact"',
    head,
  );
  check(items.length <= maxItems, "batch", `at most ${maxItems} items`, items.length);
  let sum = 0;
  if (batch.name === "set") {
    items.forEach(checkItem);
    for (const [, size] of items as BatchItem[]) sum += size;
  } else if (batch.name === "transact") {
    items.forEach(checkStep);
    for (const [, size] of items as BatchStep[]) sum += typeof size === "number" ? size : 0;
  } else if (batch.name === "getUnless") {
    items.forEach(checkUnless);
    check(new Set(items.map(([key]) => key)).size === items.length, "batch", "distinct keys", "one of them twice");
  } else if (batch.name === "calls") {
    items.forEach(checkCall);
    for (const call of items as BatchCall[]) sum += sizeOf(call) ?? 0;
  }
  checkValues(body, sum, limits);
  return [head as Batch, batch.next];
}

/** Throws `invalid-argument` for what is no step of one change. */
function checkStep(step: unknown): void {
  const [key, size, tag, ttl, ...rest] = Array.isArray(step) ? (step as unknown[]) : [];
  const isSize = size === keep || shapes.sizeOrNone(size);
  const isStep = shapes.key(key) && isSize && shapes.tagOrNone(tag) && shapes.ttlOrKeep(ttl) && !rest.length;
  check(isStep, "batch step", 'a key, a size in bytes, null or "keep", a tag or null, and a ttl, null or "keep"', step);
}

/** Throws `invalid-argument` for what is no key with the tag that is known of it. */
function checkUnless(item: unknown): void {
  const [key, tag, most = 0, ...rest] = Array.isArray(item) ? (item as unknown[]) : [];
  const isRight = shapes.key(key) && shapes.tagOrNone(tag) && shapes.size(most) && !rest.length;
  check(isRight, "batch item", "a key, a tag or null, and how many bytes a value may have, if that is limited", item);
}

/** Throws `invalid-argument` for what is no item to write. */
function checkItem(item: unknown): void {
  const size = (Array.isArray(item) ? item : [])[1] as unknown;
  check(shapes.size(size), "batch item", "a key, a size in bytes, and a ttl or null", item);
}
