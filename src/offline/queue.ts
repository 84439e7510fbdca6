import type { Call, Entry } from "../core/contract.ts";
import { value, type Decide, type Need, type Parts, type Whole } from "./parts.ts";
import { portion } from "./portions.ts";
import { read, readWhole } from "./reading.ts";
import { blank, needsValue, visible, withValue } from "./record.ts";
import { checkRecordKey } from "./names.ts";
import { changeOf } from "./step.ts";

/** One call about one key: what is to wait after it, or nothing. */
interface Job {
  readonly key: string;
  readonly decide: Decide;
  /** What has to be known first. */
  needs: Need;
  /** What was read for it. */
  whole?: Whole | undefined;
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
          const { key, decide, needs, whole, call } = job;
          const record = state.get(key)!;
          const known = needs === value ? withValue(record, whole?.get(key), call.now) : record;
          if (!known || (needs && !whole && record === blank) || held.has(key)) {
            held.add(key);
            unknown.add(job);
            continue;
          }
          try {
            call.signal?.throwIfAborted();
            const pending = decide(known, visible(known, call.now) as Entry | undefined);
            if (!pending) continue;
            // What is added to a value needs that.
            const next = { ...(needsValue({ pending }) ? known : record), pending };
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
    for (const job of jobs) if (!byKey.get(job.key)?.push(job)) byKey.set(job.key, [job]);
    try {
      const whole: Whole = new Map();
      const know = jobs.some(({ needs }) => needs === value) ? readWhole : read;
      await know(parts, [...byKey.keys()], jobs[0]!.call, whole);
      for (const job of jobs) job.whole = whole;
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

  return (key, decide, needs, call) => {
    checkRecordKey(key);
    return new Promise<void>((resolve, reject) => {
      waiting.push({ key, decide, needs, call, resolve, reject });
      start();
    });
  };
}
