import type { Call, CompleteBackend, Decision, Store } from "../core/contract.ts";
import { StoreError } from "../core/error.ts";
import { hold } from "../core/hold.ts";
import type { Hub } from "../core/hub.ts";
import type { Link } from "../core/link.ts";
import { createBackend } from "./backend.ts";
import { createContact, type Contact } from "./contact.ts";
import { createFlush, type Flusher } from "./flush.ts";
import { findMoot, readConflicts, type Conflict } from "./kept.ts";
import type { Parts } from "./parts.ts";
import { fetch, type Progress } from "./pull.ts";
import { readMark } from "./marks.ts";
import { kept, marks, progressRow, records } from "./names.ts";
import { createQueue } from "./queue.ts";
import { createRows, type Rows } from "./rows.ts";
import type { Merge } from "./settle.ts";
import type { Side } from "./side.ts";
import { createStatus, type StatusKeeper } from "./status.ts";

/** What an offline store stands on, and what it is to do. */
export interface World {
  readonly local: Store;
  readonly link: Link;
  readonly hub: Promise<Hub>;
  readonly now: () => number;
  /** Returns a new word each time. */
  readonly word: () => string;
  readonly merge?: Merge | undefined;
  readonly maxPendingKeys: number;
  readonly maxPendingBytes?: number | undefined;
  readonly maxValueBytes?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly onConflict?: ((conflict: Conflict) => void) | undefined;
  /** Ends what keeps the two sides in step. */
  end(): Promise<void>;
}

/** The parts of an offline store. Nothing of them acts by itself. */
export interface Room {
  readonly backend: CompleteBackend;
  readonly contact: Contact;
  dismiss(ids?: readonly string[]): Promise<void>;
  readonly flusher: Flusher;
  readonly rows: Rows;
  readonly side: Side;
  readonly status: StatusKeeper;
}

/** Returns the parts of an offline store in a world. */
export function createRoom(world: World): Room {
  const { local, link, hub, word, merge, maxPendingKeys, maxPendingBytes = Infinity } = world;
  const decisions = new Map<string, readonly Decision[]>();
  const wake = (): void => contact.wake("push");
  const status = createStatus(local, hub, wake);
  function admit(count: number, bytes: number): void {
    const hasRoom = status.get().pending + count <= maxPendingKeys || !count;
    if (hasRoom && (bytes <= 0 || status.bytes() + bytes <= maxPendingBytes)) return;
    const expected = `expected at most ${hasRoom ? `${maxPendingBytes} bytes of values` : `${maxPendingKeys} keys`}`;
    throw new StoreError("quota-exceeded", `Too much waits for the remote: ${expected}`);
  }
  const rows = createRows(local, {
    ...world,
    admit,
    report(changes, isOwn) {
      if (changes[0]) void hub.then((hub) => hub.report(changes));
      if (isOwn) wake();
    },
  });
  const side: Side = {
    link,
    rows,
    word,
    court: { merge, decisions: (id) => decisions.get(id) ?? [] },
    async listMarks(limit, { signal }) {
      const page = await local.list({ prefix: marks, limit, signal });
      const keys = page.entries.map(({ key }) => key);
      const found = await local.findMany(keys, { signal });
      const marked = keys.flatMap((mark, index) => {
        const row = found[index];
        return row ? readMark(row).map((key) => [mark.slice(marks.length), key] as const) : [];
      });
      return marked.slice(0, limit);
    },
    async keys({ signal }) {
      const keys: string[] = [];
      for await (const key of local.keys({ prefix: records, signal })) keys.push(key.slice(records.length));
      return keys;
    },
    settled(ids, reports) {
      for (const id of ids) decisions.delete(id);
      flusher.settled(reports);
      for (const report of reports) world.onConflict?.(report);
      if (reports[0])
        findMoot(local)
          .then(dismiss)
          .catch(() => {});
    },
  };
  /** Forgets conflicts, all of them or those with some ids. */
  async function dismiss(ids?: readonly string[]): Promise<void> {
    const rows = (ids ?? (await readConflicts(local)).map(({ id }) => id)).map((id) => kept + id);
    await local.deleteMany(rows);
    (await hub).report(rows.map((key) => ({ type: "delete", key })));
  }

  const contact = createContact(side, status);
  const flusher = createFlush(local, rows, contact);

  async function isComplete({ signal }: Call): Promise<boolean> {
    return !!(await rows.readJson<Progress>(progressRow, { signal }))?.isComplete;
  }

  const fetchSome: Parts["fetch"] = (keys, call, whole) => fetch(side, keys, call, whole);
  const backend = createBackend({
    local,
    rows,
    enqueue: createQueue({ local, rows, fetch: fetchSome }),
    word,
    hub,
    keepsBefore: !!merge,
    decisions,
    fetch: fetchSome,
    async complete(call) {
      while (!(await isComplete(call))) {
        if (!link.list) throw new StoreError("unsupported", "Cannot list: expected a remote that lists its keys");
        await contact.pull(call);
      }
    },
    // Whoever waits for it is not to end before it.
    flush: (call) => hold(flusher.flush(call)),
    async close() {
      status.close();
      await world.end();
      link.close?.();
      (await hub.catch(() => undefined))?.close();
      await Promise.all([local.close(), link.store.close()]);
    },
  });
  return { backend, contact, dismiss, flusher, rows, side, status };
}
