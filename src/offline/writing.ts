import { UNCHANGED, type Call, type Decision, type Entry } from "../core/contract.ts";
import { enqueueWrite } from "./enqueue.ts";
import type { Decide, Parts } from "./parts.ts";
import { portion, portions } from "./portions.ts";
import { read } from "./reading.ts";
import { blank, decisionOf, isWrite, lastOf, visible, type Delta, type Record, type Slot } from "./record.ts";
import { checkRecordKey } from "./names.ts";
import { changeOf } from "./rows.ts";

// How many decisions are kept for one key.
const mostDecisions = 100;

/** One call about one key: what is to wait after it, or nothing. */
interface Job {
  readonly key: string;
  readonly decide: Decide;
  /** Whether it has to be known first what there is. */
  isBlind: boolean;
  readonly call: Call;
  resolve(): void;
  reject(error: unknown): void;
}

/** Returns what does calls about one key each: those made at once in one step, each for itself. */
export function createQueue(parts: Pick<Parts, "rows" | "local" | "fetch">): Parts["enqueue"] {
  let waiting: Job[] = [];
  let isRunning = false;

  /** Takes what fits into one step, in the order of the calls. */
  function take(): Job[] {
    const keys = new Set<string>();
    let count = 0;
    while (count < waiting.length && (keys.has(waiting[count]!.key) || keys.size < portion))
      keys.add(waiting[count++]!.key);
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  }

  /** Does jobs in one step, and returns those that have to wait until more is known. */
  async function step(jobs: readonly Job[]): Promise<readonly Job[]> {
    const keys = [...new Set(jobs.map(({ key }) => key))];
    const failures = new Map<Job, unknown>();
    const unknown = new Set<Job>();
    await parts.rows.change(
      keys,
      [],
      ({ records }) => {
        failures.clear();
        unknown.clear();
        const state = new Map(keys.map((key, index) => [key, records[index]!]));
        const held = new Set<string>();
        const changes = [];
        for (const job of jobs) {
          const { key, decide, isBlind, call } = job;
          const record = state.get(key)!;
          if ((!isBlind && record === blank) || held.has(key)) {
            held.add(key);
            unknown.add(job);
            continue;
          }
          try {
            call.signal?.throwIfAborted();
            const pending = decide(record, visible(record, call.now) as Entry | undefined);
            if (!pending) continue;
            const next = { ...record, pending };
            state.set(key, next);
            const change = changeOf(key, record, next, call.now, true);
            if (change) changes.push(change);
          } catch (error) {
            failures.set(job, error);
          }
        }
        return { records: [...state.values()], changes };
      },
      { isOwn: true },
    );
    for (const job of jobs) {
      if (failures.has(job)) job.reject(failures.get(job));
      else if (!unknown.has(job)) job.resolve();
    }
    return [...unknown];
  }

  /** Does jobs; where they fail together, each by itself. */
  async function run(jobs: readonly Job[]): Promise<void> {
    let unknown: readonly Job[] = [];
    try {
      unknown = await step(jobs);
    } catch (error) {
      if (!jobs[1]) return jobs[0]!.reject(error);
      for (const job of jobs) await run([job]);
      return;
    }
    // What is asked for holds nobody else up.
    if (unknown[0]) void know(unknown);
  }

  /** Has it known what there is of keys, and then does the jobs. */
  async function know(jobs: readonly Job[]): Promise<void> {
    const byKey = new Map<string, Job[]>();
    for (const job of jobs) byKey.set(job.key, [...(byKey.get(job.key) ?? []), job]);
    try {
      await read(parts, [...byKey.keys()], jobs[0]!.call);
      for (const job of jobs) job.isBlind = true;
      waiting = [...jobs, ...waiting];
      start();
    } catch (error) {
      // One that may not be read is no reason for the others.
      if (byKey.size > 1) for (const some of byKey.values()) void know(some);
      else {
        jobs[0]!.reject(error);
        waiting = [...jobs.slice(1), ...waiting];
        start();
      }
    }
  }

  function start(): void {
    if (isRunning) return;
    isRunning = true;
    void (async () => {
      // Those made at once are taken together.
      await undefined;
      while (waiting[0]) await run(take());
      isRunning = false;
    })();
  }

  return (key, decide, isBlind, call) => {
    checkRecordKey(key);
    return new Promise<void>((resolve, reject) => {
      waiting.push({ key, decide, isBlind, call, resolve, reject });
      start();
    });
  };
}

/** Changes several records in one step: `decide` returns what of each is to wait, or nothing. */
async function enqueueMany(
  { rows }: Parts,
  keys: readonly string[],
  decide: (
    records: readonly Record[],
    seen: readonly (Entry | undefined)[],
  ) => readonly (readonly Slot[] | undefined)[],
  call: Call,
): Promise<void> {
  const { signal } = call;
  await rows.change(
    keys,
    [],
    ({ records }) => {
      const seen = records.map((record) => visible(record, call.now) as Entry | undefined);
      const pending = decide(records, seen);
      const after = records.map((record, index) => (pending[index] ? { ...record, pending: pending[index] } : record));
      const changes = after.flatMap((record, index) => {
        const old = records[index]!;
        return (record !== old && changeOf(keys[index]!, old, record, call.now, true)) || [];
      });
      return { records: after, changes };
    },
    { isOwn: true, signal },
  );
}

/** Returns what waits after a write. */
export function write(
  { keepsBefore }: Parts,
  record: Record,
  entry: Entry | undefined,
  id: string,
  isDecision: boolean,
): Record["pending"] {
  const { value, expiresAt = Infinity } = entry ?? {};
  return enqueueWrite(record, { id, value, expiresAt, isDecision, keepsBefore });
}

/** Remembers what a decision that waits was made by. */
function remember({ decisions }: Parts, record: Record, id: string, decide: Decision): void {
  const last = lastOf(record.pending);
  // Over what is written whatever is there, it is that itself.
  if (isWrite(last) && !last.steps) return;
  // What is over has nothing to say any more.
  const isOver = isWrite(last) && last.isOver;
  const old = isOver ? Array<Decision>(last.steps).fill(() => UNCHANGED) : last && decisions.get(last.id);
  const before = last ? (old ?? (isWrite(last) ? undefined : [decisionOf(last)])) : [];
  if (last && !last.isSent) decisions.delete(last.id);
  if (before && before.length < mostDecisions) decisions.set(id, [...before, decide]);
}

/** Makes a decision about a key, and remembers it, so that it can be made again. */
export async function mutate(parts: Parts, key: string, decide: Decision, call: Call): Promise<void> {
  const id = parts.word();
  let before: Record | undefined;
  const choose: Decide = (record, seen) => {
    before = undefined;
    const next = decide(seen);
    if (next === UNCHANGED || (!next && !seen)) return undefined;
    before = record;
    return write(parts, record, next, id, true);
  };
  await parts.enqueue(key, choose, false, call);
  if (before) remember(parts, before, id, decide);
}

/** Changes what is there by a delta. Where that goes into a decision, it is made again with it. */
export async function alter(parts: Parts, key: string, delta: Delta, decide: Decide, call: Call): Promise<void> {
  let before: Record | undefined;
  const choose: Decide = (record, seen) => {
    const pending = decide(record, seen);
    before = pending && record;
    return pending;
  };
  await parts.enqueue(key, choose, false, call);
  const last = before?.pending.at(-1);
  if (isWrite(last) && !last.isSent) remember(parts, before!, delta.id, decisionOf(delta));
}

/** Makes decisions about keys, all of them in one step. */
export async function mutateMany(
  parts: Parts,
  keys: readonly string[],
  decide: (found: readonly (Entry | undefined)[]) => readonly (Entry | undefined | typeof UNCHANGED)[],
  call: Call,
): Promise<void> {
  await read(parts, keys, call);
  await enqueueMany(
    parts,
    keys,
    (records, seen) => {
      const chosen = decide(seen);
      return records.map((record, index) => {
        const next = chosen[index];
        if (next === UNCHANGED || (!next && !seen[index])) return undefined;
        return write(parts, record, next, parts.word(), true);
      });
    },
    call,
  );
}

/** Writes entries, as many in one step as fit. */
export async function setMany(parts: Parts, items: readonly (readonly [string, Entry])[], call: Call): Promise<void> {
  for (const part of portions(items)) {
    await enqueueMany(
      parts,
      part.map(([key]) => key),
      (records) => records.map((record, index) => write(parts, record, part[index]![1], parts.word(), false)),
      call,
    );
  }
}

/** Removes keys, and counts those that had a value. */
export async function deleteSome(parts: Parts, keys: readonly string[], call: Call): Promise<number> {
  let count = 0;
  for (const part of portions(keys)) {
    await read(parts, part, call);
    let some = 0;
    await enqueueMany(
      parts,
      part,
      (records, seen) => {
        some = seen.filter((entry) => entry).length;
        return records.map((record, index) =>
          seen[index] ? write(parts, record, undefined, parts.word(), false) : undefined,
        );
      },
      call,
    );
    count += some;
  }
  return count;
}
