import type { Store } from "../../core/contract.ts";
import { frame, sizeOfValues, unframe } from "../wire/frame.ts";
import { refusal } from "./refusal.ts";
import type { Reply } from "./reply.ts";

/**
 * Does the work of a request whose name was not seen before, and answers another of that name with what the first was
 * answered. Work never rejects. Throws when the name stands for another request, or for one whose answer nobody knows.
 */
export type Idempotency = (name: string, fingerprint: string, work: () => Promise<Reply>) => Promise<Reply>;

// How long a name is remembered: ms.
const kept = 86_400_000;
// How many answers, and bytes of them, this process remembers by itself.
const maxRecent = 10_000;
const maxBytes = 67_108_864;

/**
 * Returns what applies requests once. With a store to remember them in, this holds across restarts and for all handlers
 * that share it: a request is noted before it is applied, and again with its answer. One that was cut off in between is
 * never applied again; that nobody knows its outcome is a `conflict`.
 */
export function createIdempotency(
  requests: Store | undefined,
  now: () => number,
  report: (error: unknown) => void,
): Idempotency {
  const recent = createRecent(now);
  return async (name, fingerprint, work) => {
    const known = recent.find(name);
    if (known) {
      if (known.fingerprint !== fingerprint) throw refuseReuse();
      return known.reply;
    }
    const reply = requests ? runNoted(requests, name, fingerprint, work, report) : work();
    // What a store remembers need not be remembered here when it is done.
    recent.remember(name, fingerprint, reply, !requests);
    return reply;
  };
}

interface RecentRequest {
  readonly fingerprint: string;
  readonly reply: Promise<Reply>;
  readonly until: number;
  size: number;
}

/** The last requests that had a name, in the memory of this process. */
interface Recent {
  find(name: string): RecentRequest | undefined;
  /** Remembers a request until its answer is there, and the answer if it is to be kept. */
  remember(name: string, fingerprint: string, reply: Promise<Reply>, isKept: boolean): void;
}

function createRecent(now: () => number): Recent {
  const requests = new Map<string, RecentRequest>();
  let bytes = 0;

  function forget(name: string): void {
    bytes -= requests.get(name)?.size ?? 0;
    requests.delete(name);
  }

  return {
    find(name) {
      const known = requests.get(name);
      return known && known.until > now() ? known : undefined;
    },
    remember(name, fingerprint, reply, isKept) {
      const request: RecentRequest = { fingerprint, reply, until: now() + kept, size: 0 };
      forget(name);
      requests.set(name, request);
      const settle = (answer?: Reply): void => {
        if (requests.get(name) !== request) return;
        // What could not begin may be tried again.
        if (!answer || !isKept) return forget(name);
        request.size = bodyOf(answer).length;
        bytes += request.size;
        for (const [oldest] of requests) {
          if (requests.size <= maxRecent && bytes <= maxBytes) break;
          forget(oldest);
        }
      };
      reply.then(settle, () => settle());
    },
  };
}

/** Applies a request that a store remembers. `report` is called when its answer could not be noted. */
async function runNoted(
  requests: Store,
  name: string,
  fingerprint: string,
  work: () => Promise<Reply>,
  report: (error: unknown) => void,
): Promise<Reply> {
  for (;;) {
    if (await requests.setIfAbsent(name, frame({ fingerprint }), { ttl: kept })) {
      const { body, ...reply } = await work();
      const value = bodyOf({ body });
      // It is applied, so that the client has to know of it, even if nobody will remember the answer.
      await requests.set(name, frame({ fingerprint, reply }, [value]), { ttl: kept }).catch(report);
      return { ...reply, ...(body && { body }) };
    }
    const record = await requests.find(name);
    // It has expired just now.
    if (!record) continue;
    const [head, next] = unframe(record);
    if (head.fingerprint !== fingerprint) throw refuseReuse();
    if (!head.reply) {
      const expected = "expected its answer, which is not there yet or was lost when the server stopped";
      throw refusal("running", `Outcome of this request is not known: ${expected}`, { retryAfter: 1 });
    }
    const body = next(sizeOfValues(record));
    return { ...head.reply, ...(body.length && { body }) };
  }
}

function bodyOf({ body }: { readonly body?: Reply["body"] | undefined }): Uint8Array {
  return body && "length" in body ? body : new Uint8Array();
}

function refuseReuse(): Error {
  return refusal("reuse", "Idempotency key is taken: expected a new one for another request");
}
