import type { Connection, ValkeyClient } from "./connection.ts";
import { answer, describe, isLost, isPassing } from "./error.ts";
import { declined, failed, getScript, reads, script, setScript, type Arg, type Reader, type Step } from "./script.ts";
import { createRunner } from "./runner.ts";
import { nameBeside, slotOf, tagIn, tagOf } from "./slots.ts";

/** What a queue is made of. */
export interface QueueParts {
  readonly connection: Connection;
  readonly prefix: string;
  readonly timeout: number;
  /** The clock of the store, if it has one of its own. */
  readonly now: (() => number) | undefined;
  readonly channel: Uint8Array;
}

/** How steps are asked for. */
export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly isWhole?: boolean;
}

/** Does steps on the servers: those of one moment and place together. */
export interface Queue {
  /** Resolves when there is a connection. */
  ready(): Promise<void>;
  /** Does a step, and resolves with what is read of its outcome. */
  askOne<R>(name: Step["name"], key: string, args: readonly Arg[], signal: AbortSignal | undefined, read: Reader<R>): Promise<R>; // prettier-ignore
  /** Does steps, and resolves with what is read of each. With `isWhole`, those of one place are done all or none. */
  ask<R>(steps: readonly Step[], options: AskOptions, read: Reader<R>): Promise<R[]>;
  /** Copies a value for as long as it takes to be written. */
  hold(value: Uint8Array): Uint8Array;
  /** The name of the index of a slot; of -1, where there are no slots. */
  index(slot: number): Uint8Array;
  /** Whether each slot has an index of its own. */
  isScattered(): boolean;
  /** Resolves when there is nothing more to do. */
  idle(): Promise<void>;
}

// All of one shape, and settled without a promise in between: ten thousand in one tick are not rare.
interface Job {
  /** One step, or several that belong together. */
  readonly step: Step;
  readonly others: readonly Step[];
  readonly signal: AbortSignal | undefined;
  readonly read: Reader<unknown>;
  readonly resolve: (result: any) => void;
  readonly reject: (error: unknown) => void;
  failedAt: number;
  isRepeated: boolean;
  /** Whether a short script declined it. */
  isOdd: boolean;
}

// How many steps one script does at most, unless they belong together, and how many bytes it is given.
const maxSteps = 256;
const maxBytes = 1 << 20;
const none: readonly Step[] = [];
// What a script that can only succeed says of each step.
const allDone: readonly unknown[] = [1, 0];

/** Returns a queue on a connection. */
export function createQueue({ connection, prefix, timeout, now, channel }: QueueParts): Queue {
  const indexes = new Map<number, Uint8Array>();
  const isTogether = tagOf(prefix) !== undefined;
  let waiting: Job[] = [];
  let isScheduled = false;
  let unsettled = 0;
  const idle: (() => void)[] = [];
  const runner = createRunner(timeout);
  const { toBuffer } = runner;

  function index(slot: number): Uint8Array {
    let found = indexes.get(slot);
    if (!found) {
      const tag = slot < 0 ? "" : `{${tagIn(slot)}}`;
      indexes.set(slot, (found = toBuffer(nameBeside(prefix, `${tag}deadlines`))));
    }
    return found;
  }

  function isScattered(): boolean {
    return !isTogether && !!connection.current()?.isCluster;
  }

  function enqueue<R>(
    step: Step,
    others: readonly Step[],
    signal: AbortSignal | undefined,
    read: Reader<R>,
  ): Promise<R> {
    unsettled++;
    return new Promise((resolve, reject) => {
      add({ step, others, signal, read, resolve, reject, failedAt: 0, isRepeated: false, isOdd: false });
    });
  }

  function add(job: Job): void {
    waiting.push(job);
    if (isScheduled) return;
    isScheduled = true;
    // While others are under way there is time until all those who are answered in this turn have asked again.
    if (runner.isBusy()) setImmediate(flush);
    else queueMicrotask(flush);
  }

  function reject(job: Job, error: unknown): void {
    job.reject(error);
    settled();
  }

  function settled(): void {
    if (--unsettled) return;
    for (const tell of idle.splice(0)) tell();
  }

  function flush(): void {
    isScheduled = false;
    const client = runner.isReady() ? connection.current() : undefined;
    if (client) return deliver(client);
    isScheduled = true;
    void prepare().then(flush, (error: unknown) => {
      isScheduled = false;
      for (const job of waiting.splice(0)) reject(job, describe(error, { key: keyOf(job) }));
    });
  }

  async function prepare(): Promise<void> {
    await connection.ready();
    await runner.prepare();
  }

  function deliver(client: ValkeyClient): void {
    const jobs = waiting;
    waiting = [];
    if (!isScattered()) return deliverTo(client, -1, jobs);
    for (const [slot, place] of groupBy(jobs, ({ step }) => slotOf(prefix + step.key))) deliverTo(client, slot, place);
  }

  function deliverTo(client: ValkeyClient, slot: number, jobs: readonly Job[]): void {
    let batch: Job[] = [];
    let steps = 0;
    let bytes = 0;
    for (const job of jobs) {
      if (job.signal?.aborted) {
        reject(job, job.signal.reason);
        continue;
      }
      const count = 1 + job.others.length;
      const size = sizeOf(job.step);
      if (batch.length && (steps + count > maxSteps || bytes + size > maxBytes)) {
        void send(client, slot, batch);
        batch = [];
        steps = bytes = 0;
      }
      batch.push(job);
      steps += count;
      bytes += size;
    }
    if (batch.length) void send(client, slot, batch);
  }

  async function send(client: ValkeyClient, slot: number, batch: readonly Job[]): Promise<void> {
    const skew = connection.skew();
    const mode = (client.isCluster ? "c" : "") + (now ? "o" : "");
    const keys: unknown[] = [];
    const args: unknown[] = [String((now ?? Date.now)() + skew), toBuffer(channel), mode];
    const say = ({ name, key, args: given }: Step): void => {
      keys.push(prefix + key);
      args.push(name);
      for (const arg of given) {
        if (typeof arg === "number") args.push(arg === Infinity ? "" : String(arg + skew));
        else args.push(typeof arg === "string" ? arg : toBuffer(arg));
      }
    };
    for (const { step, others } of batch) {
      say(step);
      for (const other of others) say(other);
    }
    keys.push(index(slot));
    const chosen = now ? script : shortestFor(batch);
    let replies: readonly unknown[];
    try {
      const reply = await runner.run(client, chosen, keys, args);
      replies = chosen === setScript ? allDone : (reply as unknown[]);
    } catch (error) {
      for (const job of batch) fail(job, error);
      return;
    }
    let at = 0;
    for (const job of batch) {
      finish(job, replies, at, skew);
      if (chosen !== setScript) at += 2 + 2 * job.others.length;
    }
  }

  function finish(job: Job, replies: readonly unknown[], from: number, skew: number): void {
    const end = replies === allDone ? 0 : from + 2 + 2 * job.others.length;
    for (let at = from; at < end; at += 2) {
      if (replies[at + 1] === declined && job.step.name === "get") {
        job.isOdd = true;
        return add(job);
      }
      if (replies[at + 1] !== failed) continue;
      return fail(job, answer(String(replies[at])));
    }
    if (job.others === none) {
      job.resolve(job.read(replies[from], replies[from + 1], skew));
    } else {
      const results: unknown[] = [];
      const step = replies === allDone ? 0 : 2;
      for (let number = 0, at = from; number <= job.others.length; number++, at += step)
        results.push(job.read(replies[at], replies[at + 1], skew));
      job.resolve(results);
    }
    settled();
  }

  /** Repeats what may be repeated, while there is time, and rejects the rest. */
  function fail(job: Job, error: unknown): void {
    const isRead = [job.step, ...job.others].every(({ name }) => reads.has(name));
    const at = performance.now();
    job.failedAt ||= at;
    if (String((error as Error).message).startsWith("READONLY")) connection.renew();
    if (isPassing(error) && at - job.failedAt < timeout) {
      setTimeout(add, 20 + Math.random() * 80, job);
    } else if (isLost(error) && isRead && !job.isRepeated) {
      job.isRepeated = true;
      add(job);
    } else {
      reject(job, describe(error, { key: keyOf(job), isWrite: !isRead }));
    }
  }

  async function ask<R>(steps: readonly Step[], { signal, isWhole }: AskOptions, read: Reader<R>): Promise<R[]> {
    // Only then is it known whether there are slots.
    if (!runner.isReady() || !connection.current()) await prepare();
    const isSplit = isScattered();
    const places = groupBy([...steps.keys()], (at) => (isSplit ? slotOf(prefix + steps[at]!.key) : -1));
    const results: R[] = [];
    const doThem = async (place: readonly number[]): Promise<void> => {
      const [first, ...others] = place.map((at) => steps[at]!);
      const found = await enqueue<unknown>(first!, others.length ? others : none, signal, read);
      for (const [number, at] of place.entries()) results[at] = (others.length ? (found as R[])[number] : found) as R;
    };
    const parts: Promise<void>[] = [];
    for (const place of places.values()) {
      const most = isWhole ? place.length : maxSteps;
      for (let at = 0; at < place.length; at += most) parts.push(doThem(place.slice(at, at + most)));
    }
    await Promise.all(parts);
    return results;
  }

  return {
    ready: prepare,
    askOne: (name, key, args, signal, read) => enqueue({ name, key, args }, none, signal, read),
    async ask(steps, options, read) {
      unsettled++;
      try {
        return await ask(steps, options, read);
      } catch (error) {
        throw describe(error);
      } finally {
        settled();
      }
    },
    hold: runner.hold,
    index,
    isScattered,
    idle: () => (unsettled ? new Promise((resolve) => idle.push(resolve)) : Promise.resolve()),
  };
}

/** The script that takes the least for what is asked for. */
function shortestFor(batch: readonly Job[]): string {
  const { name } = batch[0]!.step;
  if (name !== "get" && name !== "set") return script;
  for (const { step, others, isOdd } of batch) {
    if (isOdd || step.name !== name || (others !== none && others.some((other) => other.name !== name))) return script;
  }
  return name === "get" ? getScript : setScript;
}

function groupBy<T>(items: readonly T[], placeOf: (item: T) => number): Map<number, T[]> {
  const places = new Map<number, T[]>();
  for (const item of items) {
    const place = placeOf(item);
    const found = places.get(place);
    if (found) found.push(item);
    else places.set(place, [item]);
  }
  return places;
}

function keyOf({ step, others }: Job): string | undefined {
  return others === none ? step.key : undefined;
}

function sizeOf({ args }: Step): number {
  let size = 0;
  for (const arg of args) size += typeof arg === "number" ? 16 : arg.length;
  return size;
}
