import type { Store } from "../../core/contract.ts";
import { refusal, type Reply } from "./reply.ts";
import { frame, unframe } from "../wire.ts";

/**
 * Does the work of a request whose name was not seen before, and answers another of that name with what the first was
 * answered. Work never rejects. Throws when the name stands for another request, or for one whose answer nobody knows.
 */
export type Once = (name: string, fingerprint: string, work: () => Promise<Reply>) => Promise<Reply>;

interface Recent {
  readonly fingerprint: string;
  readonly reply: Promise<Reply>;
  readonly until: number;
  size: number;
}

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
export function createOnce(requests: Store | undefined, now: () => number, tell: (error: unknown) => void): Once {
  const recent = new Map<string, Recent>();
  let bytes = 0;

  function forget(name: string): void {
    bytes -= recent.get(name)?.size ?? 0;
    recent.delete(name);
  }

  function remember(name: string, entry: Recent): void {
    forget(name);
    recent.set(name, entry);
    const settle = (reply?: Reply): void => {
      if (recent.get(name) !== entry) return;
      // What could not begin may be tried again, and what a store remembers need not be remembered here.
      if (!reply || requests) return forget(name);
      entry.size = bodyOf(reply).length;
      bytes += entry.size;
      for (const [oldest] of recent) {
        if (recent.size <= maxRecent && bytes <= maxBytes) break;
        forget(oldest);
      }
    };
    entry.reply.then(settle, () => settle());
  }

  async function runNoted(store: Store, name: string, fingerprint: string, work: () => Promise<Reply>): Promise<Reply> {
    for (;;) {
      if (await store.setIfAbsent(name, frame({ fingerprint }), { ttl: kept })) {
        const { body: _, ...reply } = await work();
        const value = bodyOf({ body: _ });
        // It is applied, so that the client has to hear of it, even if nobody will remember the answer.
        await store.set(name, frame({ fingerprint, reply }, [value]), { ttl: kept }).catch(tell);
        return { ...reply, ...(_ && { body: _ }) };
      }
      const record = await store.find(name);
      // It has expired just now.
      if (!record) continue;
      const [head, next] = unframe(record);
      if (head.fingerprint !== fingerprint) throw refuseReuse();
      if (!head.reply) {
        const expected = "expected its answer, which is not there yet or was lost when the server stopped";
        throw refusal("running", `Outcome of this request is not known: ${expected}`, { retryAfter: 1 });
      }
      const body = next(record.length - record.indexOf(10) - 1);
      return { ...head.reply, ...(body.length && { body }) };
    }
  }

  return async (name, fingerprint, work) => {
    const known = recent.get(name);
    if (known && known.until > now()) {
      if (known.fingerprint !== fingerprint) throw refuseReuse();
      return known.reply;
    }
    const reply = requests ? runNoted(requests, name, fingerprint, work) : work();
    remember(name, { fingerprint, reply, until: now() + kept, size: 0 });
    return reply;
  };
}

function bodyOf({ body }: Reply): Uint8Array {
  return body && "length" in body ? body : new Uint8Array();
}

function refuseReuse(): Error {
  return refusal("reuse", "Idempotency key is taken: expected a new one for another request");
}
