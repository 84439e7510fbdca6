import { answer, describe, isLost, isPassing } from "./_valkeyError.ts";
import type { Connection, ValkeyClient } from "./_valkeyConnection.ts";
import { failureOf, reads, script, type Outcome, type Step } from "./_valkeyScript.ts";
import { slotOf, tagIn, tagOf } from "./_valkeySlots.ts";

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
  /** Does steps, and resolves with what came of each. With `isWhole`, those of one place are done all or none. */
  ask(steps: readonly Step[], options: AskOptions): Promise<Outcome[]>;
  /** Does a single step. */
  askOne(step: Step, signal: AbortSignal | undefined): Promise<Outcome>;
  /** The name of the index of a slot; of -1, where there are no slots. */
  index(slot: number): Uint8Array;
  /** Whether each slot has an index of its own. */
  isScattered(): boolean;
  /** Resolves when there is nothing more to do. */
  idle(): Promise<void>;
}

// All of one shape: ten thousand in one tick are not rare.
interface Job {
  readonly steps: readonly Step[];
  readonly signal: AbortSignal | undefined;
  readonly since: number;
  readonly resolve: (outcomes: Outcome[]) => void;
  readonly reject: (error: unknown) => void;
  isRepeated: boolean;
}

// How many steps one script does at most, unless they belong together, and how many bytes it is given.
const maxSteps = 256;
const maxBytes = 1 << 20;

/** A name that is no key, for it is not UTF-8. */
export function nameBeside(prefix: string, name: string): Uint8Array {
  const encoder = new TextEncoder();
  return Uint8Array.of(...encoder.encode(prefix), 0xff, ...encoder.encode(name));
}

/** Returns a queue on a connection. */
export function createQueue({ connection, prefix, timeout, now, channel }: QueueParts): Queue {
  const encoder = new TextEncoder();
  const indexes = new Map<number, Uint8Array>();
  let waiting: Job[] = [];
  let isScheduled = false;
  let unsettled = 0;
  let settled: (() => void)[] = [];
  let sha: string | undefined;
  let toBuffer: ((bytes: Uint8Array) => Uint8Array) | undefined;

  function index(slot: number): Uint8Array {
    let found = indexes.get(slot);
    if (!found) {
      const tag = slot < 0 ? "" : `{${tagIn(slot)}}`;
      indexes.set(slot, (found = toBuffer!(nameBeside(prefix, `${tag}deadlines`))));
    }
    return found;
  }

  function isScattered(): boolean {
    return !!connection.current()?.isCluster && tagOf(prefix) === undefined;
  }

  function enqueue(steps: readonly Step[], signal: AbortSignal | undefined): Promise<Outcome[]> {
    return new Promise<Outcome[]>((resolve, reject) => {
      const since = performance.now();
      add({ steps, signal, since, resolve, reject, isRepeated: false });
    });
  }

  function add(job: Job): void {
    waiting.push(job);
    if (isScheduled) return;
    isScheduled = true;
    // When all those who are answered in this turn have asked again.
    setImmediate(flush);
  }

  function flush(): void {
    isScheduled = false;
    const client = toBuffer && connection.current();
    if (client) return deliver(client);
    isScheduled = true;
    void prepare().then(flush, (error: unknown) => {
      isScheduled = false;
      for (const job of waiting.splice(0)) job.reject(describe(error, { key: keyOf(job) }));
    });
  }

  async function prepare(): Promise<void> {
    await connection.ready();
    if (sha !== undefined) return;
    const digest = await crypto.subtle.digest("SHA-1", encoder.encode(script));
    const { Buffer } = await import("node:buffer");
    toBuffer = ({ buffer, byteOffset, length }) => Buffer.from(buffer as ArrayBuffer, byteOffset, length);
    sha = Buffer.from(digest).toString("hex");
  }

  function deliver(client: ValkeyClient): void {
    const jobs = waiting;
    waiting = [];
    if (!isScattered()) return deliverTo(client, -1, jobs);
    const places = new Map<number, Job[]>();
    for (const job of jobs) {
      const slot = slotOf(prefix + job.steps[0]!.key);
      const place = places.get(slot);
      if (place) place.push(job);
      else places.set(slot, [job]);
    }
    for (const [slot, place] of places) deliverTo(client, slot, place);
  }

  function deliverTo(client: ValkeyClient, slot: number, jobs: readonly Job[]): void {
    let batch: Job[] = [];
    let steps = 0;
    let bytes = 0;
    for (const job of jobs) {
      if (job.signal?.aborted) {
        job.reject(job.signal.reason);
        continue;
      }
      const size = sizeOf(job);
      if (batch.length && (steps + job.steps.length > maxSteps || bytes + size > maxBytes)) {
        void send(client, slot, batch);
        batch = [];
        steps = bytes = 0;
      }
      batch.push(job);
      steps += job.steps.length;
      bytes += size;
    }
    if (batch.length) void send(client, slot, batch);
  }

  async function send(client: ValkeyClient, slot: number, batch: readonly Job[]): Promise<void> {
    const skew = connection.skew();
    const mode = (client.isCluster ? "c" : "") + (now ? "o" : "");
    const keys: unknown[] = [];
    const args: unknown[] = [String((now ?? Date.now)() + skew), toBuffer!(channel), mode];
    for (const { steps } of batch) {
      for (const { key, name, args: given } of steps) {
        keys.push(prefix + key);
        args.push(name);
        for (const arg of given) {
          if (typeof arg === "number") args.push(arg === Infinity ? "" : String(arg + skew));
          else args.push(typeof arg === "string" ? arg : toBuffer!(arg));
        }
      }
    }
    keys.push(index(slot));
    let replies: unknown[];
    try {
      replies = await evaluate(client, keys, args);
    } catch (error) {
      for (const job of batch) fail(job, error);
      return;
    }
    let at = 0;
    for (const job of batch) {
      const outcomes: Outcome[] = [];
      for (const _ of job.steps) outcomes.push([replies[at++], replies[at++]]);
      finish(job, outcomes);
    }
  }

  async function evaluate(client: ValkeyClient, keys: unknown[], args: unknown[]): Promise<unknown[]> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const tooLate = (): void => reject(new Error(`no answer within ${timeout} ms`));
      timer = setTimeout(tooLate, Math.min(timeout, 2 ** 31 - 1));
    });
    try {
      return (await Promise.race([run(client, keys, args), late])) as unknown[];
    } finally {
      clearTimeout(timer);
    }
  }

  async function run(client: ValkeyClient, keys: unknown[], args: unknown[]): Promise<unknown> {
    try {
      // As arrays: more arguments than an engine passes on are not rare.
      return await client.evalshaBuffer(sha, keys.length, keys, args);
    } catch (error) {
      // A server that was started anew, or has taken another's place.
      if (!String((error as Error).message).startsWith("NOSCRIPT")) throw error;
      return client.evalBuffer(script, keys.length, keys, args);
    }
  }

  function finish(job: Job, outcomes: Outcome[]): void {
    const failure = outcomes.map(failureOf).find((message) => message !== undefined);
    if (failure === undefined) return job.resolve(outcomes);
    if (failure.startsWith("READONLY")) connection.renew();
    fail(job, answer(failure));
  }

  /** Repeats what may be repeated, while there is time, and rejects the rest. */
  function fail(job: Job, error: unknown): void {
    const isRead = job.steps.every(({ name }) => reads.has(name));
    const isInTime = performance.now() - job.since < timeout;
    if (isInTime && isPassing(error)) {
      setTimeout(add, 20 + Math.random() * 80, job);
    } else if (isInTime && isRead && isLost(error) && !job.isRepeated) {
      job.isRepeated = true;
      add(job);
    } else {
      job.reject(describe(error, { key: keyOf(job), isWrite: !isRead }));
    }
  }

  async function ask(steps: readonly Step[], { signal, isWhole }: AskOptions): Promise<Outcome[]> {
    // Only then is it known whether there are slots.
    if (!connection.current()) await prepare();
    const places = new Map<number, number[]>();
    for (const [at, { key }] of steps.entries()) {
      const slot = isScattered() ? slotOf(prefix + key) : -1;
      const place = places.get(slot);
      if (place) place.push(at);
      else places.set(slot, [at]);
    }
    const outcomes: Outcome[] = [];
    const doThem = async (place: readonly number[]): Promise<void> => {
      const found = await enqueue(
        place.map((at) => steps[at]!),
        signal,
      );
      for (const [number, at] of place.entries()) outcomes[at] = found[number]!;
    };
    const parts: Promise<void>[] = [];
    for (const place of places.values()) {
      const most = isWhole ? place.length : maxSteps;
      for (let at = 0; at < place.length; at += most) parts.push(doThem(place.slice(at, at + most)));
    }
    await Promise.all(parts);
    return outcomes;
  }

  /** Notes work as something that `idle` waits for. */
  function track<R>(work: Promise<R>): Promise<R> {
    unsettled++;
    return work.finally(() => {
      if (--unsettled) return;
      for (const tell of settled.splice(0)) tell();
    });
  }

  return {
    ready: prepare,
    ask: (steps, options) => track(ask(steps, options).catch((error: unknown) => Promise.reject(describe(error)))),
    askOne: (step, signal) => track(enqueue([step], signal).then(([outcome]) => outcome!)),
    index,
    isScattered,
    idle: () => (unsettled ? new Promise((resolve) => settled.push(resolve)) : Promise.resolve()),
  };
}

function keyOf({ steps }: Job): string | undefined {
  return steps.length === 1 ? steps[0]!.key : undefined;
}

function sizeOf({ steps }: Job): number {
  let size = 0;
  for (const { args } of steps) for (const arg of args) size += typeof arg === "number" ? 16 : arg.length;
  return size;
}
