import type { Store } from "../../core/contract.ts";
import { letExit } from "../../core/timers.ts";
import { frame, sizeOfValues, unframe } from "../wire/frame.ts";
import { forgotten, type Ticket } from "../wire/push.ts";
import { refusal } from "./refusal.ts";

/** Counts the pushes of replicas, so that each is applied once at most. */
export interface Replicas {
  /** Gives an id, which nobody had before, to count under. */
  add(id: string, signal: AbortSignal | undefined): Promise<void>;
  /**
   * Does the work of a push if it is the next one under an id, and resolves with its outcomes as they are remembered; of one
   * that was done already, with the same as then. `reads` says whether its sender may read. Throws if it is under way somewhere
   * else, and if nobody knows the id, or what became of the push.
   */
  once(
    id: string,
    ticket: Omit<Ticket, "name">,
    reads: boolean,
    work: () => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<Uint8Array>;
}

// How long an id is remembered after its last push: ms.
const kept = 90 * 86_400_000;
// How long one who began a push is believed to be at it, and how often it says that it is: ms.
const lease = 10_000;
const renewal = 3000;

/** What is remembered of a replica, before the outcomes of its last push. */
interface Head {
  readonly sequence: number;
  readonly nonce?: string;
  /** Whether the outcomes may have what is for those alone who may read. */
  readonly reads?: boolean;
  /** Names the attempt that began it. */
  readonly run?: string;
  /** Until when that is believed to be at it. Without it there are outcomes. */
  readonly until?: number | undefined;
}

/**
 * Returns what counts the pushes of replicas. With a store to remember them in, this holds across restarts and for all
 * handlers that share it: a push is noted before it is applied, and again with its outcomes. One that was cut off in between
 * is never applied again. `report` is called when outcomes could not be noted.
 */
export function createReplicas(
  requests: Store | undefined,
  now: () => number,
  report: (error: unknown) => void,
): Replicas {
  const records: Records = requests ?? createRecords(now);
  // What is under way in this process, by id and ticket.
  const running = new Map<string, Promise<Uint8Array>>();

  /** Notes that a push begins, unless there is no need for that: then its outcomes from before are returned. */
  async function begin(id: string, head: Head): Promise<Uint8Array | undefined> {
    let outcomes: Uint8Array | undefined;
    await records.update(
      id,
      (bytes) => {
        outcomes = undefined;
        const [known, before] = readRecord(bytes);
        if (known?.sequence === head.sequence - 1) return frame(head);
        // A store that was asked twice.
        if (bytes && known?.run === head.run) return bytes;
        const isSame = known?.sequence === head.sequence && known.nonce === head.nonce && (head.reads || !known.reads);
        if (!bytes || !isSame) throw refuseForgotten();
        if (known.until !== undefined) throw isLeft(known.until - now()) ? refuseRunning() : refuseForgotten();
        outcomes = before;
        return bytes;
      },
      { ttl: kept },
    );
    return outcomes;
  }

  /** Does work that was noted, and says from time to time that it is under way. */
  async function run(id: string, head: Head, work: () => Promise<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
    let outcomes: Uint8Array | undefined;

    async function note(): Promise<void> {
      const record = (): Uint8Array =>
        outcomes ? frame({ ...head, until: undefined }, [outcomes]) : frame({ ...head, until: now() + lease });
      try {
        // Unless a later push has begun meanwhile.
        await records.update(id, (bytes) => (readRecord(bytes)[0]?.run === head.run ? record() : bytes), { ttl: kept });
      } catch (error) {
        report(error);
      }
    }

    const timer = setInterval(() => void note(), renewal);
    letExit(timer);
    try {
      outcomes = await work();
    } finally {
      clearInterval(timer);
    }
    // It is applied, so that the client has to know of it, even if nobody will remember.
    await note();
    return outcomes;
  }

  return {
    async add(id, signal) {
      await records.set(id, frame({ sequence: 0 } satisfies Head), { ttl: kept, signal });
    },
    once(id, { sequence, nonce }, reads, work) {
      const name = JSON.stringify([id, sequence, nonce, reads]);
      const known = running.get(name);
      if (known) return known;
      const head: Head = { sequence, nonce, reads, run: createWord(), until: now() + lease };
      const push = begin(id, head)
        .then((outcomes) => outcomes ?? run(id, head, work))
        .finally(() => running.delete(name));
      running.set(name, push);
      return push;
    },
  };
}

/** Returns 128 random bits as a word. */
export function createWord(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads what is remembered of a replica. What nobody can read is as if it was forgotten. */
function readRecord(bytes: Uint8Array | undefined): [head?: Head, outcomes?: Uint8Array] {
  if (!bytes) return [];
  try {
    const [head, next] = unframe(bytes);
    return Object(head) === head ? [head, next(sizeOfValues(bytes))] : [];
  } catch {
    return [];
  }
}

/** Whether a lease is on. One by a clock that is far from this one is taken to be over. */
function isLeft(rest: number): boolean {
  return rest > 0 && rest <= 2 * lease;
}

function refuseRunning(): Error {
  return refusal("running", "Outcome of this push is not known: expected its end, which is not yet", { retryAfter: 1 });
}

function refuseForgotten(): Error {
  const expected = "expected the number after the last one of a replica that is known, or that one again";
  return refusal("forgotten", `Push is not known: ${expected}`, { replica: forgotten });
}

/** Where records are. */
interface Records {
  set(id: string, record: Uint8Array, options: { ttl: number; signal: AbortSignal | undefined }): Promise<void>;
  update(
    id: string,
    change: (record: Uint8Array | undefined) => Uint8Array | undefined,
    options: { ttl: number },
  ): Promise<unknown>;
}

// How many replicas, and bytes of what is known of them, this process remembers by itself.
const maxRecords = 10_000;
const maxBytes = 67_108_864;

/** Returns records in the memory of this process: those of the replicas that were heard of last. */
function createRecords(now: () => number): Records {
  const records = new Map<string, { readonly record: Uint8Array; readonly until: number }>();
  let bytes = 0;

  function forget(id: string): void {
    bytes -= records.get(id)?.record.length ?? 0;
    records.delete(id);
  }

  function put(id: string, record: Uint8Array, ttl: number): void {
    forget(id);
    records.set(id, { record, until: now() + ttl });
    bytes += record.length;
    for (const [oldest] of records) {
      if (records.size <= maxRecords && bytes <= maxBytes) break;
      forget(oldest);
    }
  }

  return {
    set: async (id, record, { ttl }) => put(id, record, ttl),
    async update(id, change, { ttl }) {
      const known = records.get(id);
      const next = change(known && known.until > now() ? known.record : undefined);
      if (next) put(id, next, ttl);
      return next;
    },
  };
}
