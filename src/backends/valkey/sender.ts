import type { ValkeyClient } from "./client.ts";
import type { Clock } from "./clock.ts";
import { isLost, isPassing, isSplit, replyError, valkeyError } from "./error.ts";
import { isRead, keyOf, none, type Job } from "./job.ts";
import type { Names } from "./names.ts";
import { randomWord } from "./note.ts";
import type { Outstanding } from "./outstanding.ts";
import type { Runner } from "./runner.ts";
import { aloneScript, getScript, script, setScript } from "./script.ts";
import { declined, failed, type Step } from "./step.ts";

/** What sends batches, and settles their jobs by the outcome. */
export interface SenderParts {
  readonly names: Pick<Names, "of" | "isApart">;
  readonly channel: Uint8Array;
  readonly clock: Clock;
  readonly runner: Pick<Runner, "run" | "runApart" | "toBuffer">;
  readonly outstanding: Outstanding;
  /** How long a job that a server puts off is tried again: ms. */
  readonly timeout: number;
  /** Takes a job that is to be sent again. */
  again(job: Job): void;
  /** Takes note that a server is not the one that may be written to. */
  renew(): void;
}

// What a script that can only succeed replies about each step.
const allDone: readonly unknown[] = [1, 0];

/**
 * Sends a batch of one slot as one script. It is given the slot's index of deadlines, and the names of what is kept of changes,
 * if there are such.
 */
export type Send = (
  client: ValkeyClient,
  index: Uint8Array,
  history: readonly Uint8Array[],
  batch: readonly Job[],
) => Promise<void>;

/** Returns what sends batches. */
export function createSender(parts: SenderParts): Send {
  const { names, channel, clock, runner, outstanding, timeout, again, renew } = parts;
  const { toBuffer } = runner;
  // The indexes beside which a change was published: from then on the scripts trust that they may.
  const proven = new Set<Uint8Array>();

  async function send(
    client: ValkeyClient,
    index: Uint8Array,
    history: readonly Uint8Array[],
    batch: readonly Job[],
  ): Promise<void> {
    const skew = clock.skew();
    const chosen = clock.isOwn ? script : shortestFor(batch);
    const isLogged = chosen !== getScript && history.length > 0;
    const mode = (client.isCluster ? "c" : "") + (clock.isOwn ? "o" : "") + (proven.has(index) ? "" : "p") + (isLogged ? `l${randomWord()}` : ""); // prettier-ignore
    const keys: unknown[] = [];
    const args: unknown[] = [String(clock.now()), toBuffer(channel), mode];
    const write = ({ name, key, args: given }: Step): void => {
      keys.push(names.of(key));
      args.push(name);
      for (const arg of given) {
        if (typeof arg === "number") args.push(arg === Infinity ? "" : String(arg + skew));
        else args.push(typeof arg === "string" ? arg : toBuffer(arg));
      }
    };
    for (const { step, others } of batch) {
      write(step);
      for (const other of others) write(other);
    }
    const count = keys.length;
    keys.push(index);
    if (isLogged) for (const name of history) keys.push(name);
    let replies: readonly unknown[];
    try {
      // Of names that are no text the client mistakes the slot when it has calls travel together.
      const isAlone = client.isCluster && (names.isApart() || batch.some(({ failedAt }) => failedAt));
      const reply = await (isAlone ? runner.runApart : runner.run)(client, chosen, keys, args);
      replies = chosen === setScript ? allDone : (reply as unknown[]);
      if (chosen === setScript || replies[2 * count] === 1) proven.add(index);
    } catch (error) {
      proven.delete(index);
      const areSplit = isSplit(error) && !clock.isOwn;
      for (const job of batch) {
        if (areSplit && isRead(job)) void readAlone(client, job, skew);
        else fail(job, error);
      }
      return;
    }
    let at = 0;
    for (const job of batch) {
      finish(job, replies, at, skew);
      if (chosen !== setScript) at += 2 + 2 * job.others.length;
    }
  }

  /** Reads each key of a job by itself, wherever it is. */
  async function readAlone(client: ValkeyClient, job: Job, skew: number): Promise<void> {
    const read = ({ key, name }: Step): Promise<unknown> =>
      runner.runApart(client, aloneScript, [names.of(key)], [name]);
    try {
      const replies = await Promise.all([job.step, ...job.others].map(read));
      finish(job, replies.flat(), 0, skew);
    } catch (error) {
      fail(job, error);
    }
  }

  function finish(job: Job, replies: readonly unknown[], from: number, skew: number): void {
    const end = replies === allDone ? 0 : from + 2 + 2 * job.others.length;
    for (let at = from; at < end; at += 2) {
      if (replies[at + 1] === declined && job.step.name === "get") {
        job.isOdd = true;
        return again(job);
      }
      if (replies[at + 1] !== failed) continue;
      return fail(job, replyError(String(replies[at])));
    }
    if (job.others === none) return outstanding.resolve(job, job.read(replies[from], replies[from + 1], skew));
    const results: unknown[] = [];
    const width = replies === allDone ? 0 : 2;
    for (let number = 0, at = from; number <= job.others.length; number++, at += width) {
      results.push(job.read(replies[at], replies[at + 1], skew));
    }
    outstanding.resolve(job, results);
  }

  /** Repeats what may be repeated, while there is time, and rejects the rest. */
  function fail(job: Job, error: unknown): void {
    const at = performance.now();
    job.failedAt ||= at;
    if (String((error as Error).message).startsWith("READONLY")) renew();
    if (isPassing(error) && at - job.failedAt < timeout) {
      setTimeout(again, 20 + Math.random() * 80, job);
    } else if (isLost(error) && isRead(job) && !job.isRepeated) {
      job.isRepeated = true;
      again(job);
    } else {
      outstanding.reject(job, valkeyError(error, { key: keyOf(job), isWrite: !isRead(job) }));
    }
  }

  return send;
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
