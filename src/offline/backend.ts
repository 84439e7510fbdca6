import type { CompleteBackend, Entry } from "../core/contract.ts";
import { encodeText } from "../core/utf8.ts";
import { add, isPast } from "../core/value.ts";
import { enqueueDelta } from "./enqueue.ts";
import { soonest, sweepWithin } from "./ends.ts";
import { nothing, presence, value, type Decide, type Parts } from "./parts.ts";
import { get, head, list, readWhole } from "./reading.ts";
import { ended, lasting } from "./record.ts";
import { checkRecordKey, records as recordPrefix } from "./names.ts";
import { alter, deleteSome, mutate, mutateMany, setMany, write } from "./writing.ts";

/** Returns the backend of an offline store: every call is one of the local store, but for what is not known there yet. */
export function createBackend(parts: Parts): CompleteBackend {
  const { local, word, enqueue } = parts;
  return {
    returnsCopies: true,
    isPersistent: () => local.isPersistent(),
    get: (key, call) => get(parts, key, call),
    head: (key, call) => head(parts, key, call),
    getMany: async (keys, call) =>
      (await readWhole(parts, keys, call)).map((record) => lasting(record) as Entry | undefined),
    set: (key, entry, call) => enqueue(key, (record) => write(parts, record, entry, word(), false), nothing, call),
    async setMany(items, call) {
      for (const [key] of items) checkRecordKey(key);
      await setMany(parts, items, call);
    },
    async delete(key, call) {
      let wasThere = false;
      const remove: Decide = (record, seen) => {
        wasThere = !!seen;
        return seen && write(parts, record, undefined, word(), false);
      };
      await enqueue(key, remove, presence, call);
      return wasThere;
    },
    deleteMany: (keys, call) => deleteSome(parts, keys, call),
    mutate: (key, decide, call) => mutate(parts, key, decide, call),
    mutateMany: (keys, decide, call) => mutateMany(parts, keys, decide, call),
    async increment(key, by, expiresAt, call) {
      const delta = { id: word(), at: call.now(), by, born: expiresAt };
      let sum = 0;
      const count: Decide = (record, seen) => {
        sum = add(seen?.value, by, key);
        return enqueueDelta(record, delta, { value: encodeText(`${sum}`), expiresAt: seen?.expiresAt ?? expiresAt });
      };
      await alter(parts, key, delta, count, value, call);
      return sum;
    },
    async touch(key, expiresAt, call) {
      const delta = { id: word(), at: call.now(), until: expiresAt };
      let isThere = false;
      const extend: Decide = (record, seen) => {
        isThere = !!seen;
        if (!seen) return undefined;
        const after = { ...seen, expiresAt };
        // Over at once, whatever the clock says later.
        if (isPast(after, call.now))
          return ended({ ...record, pending: write(parts, record, after, delta.id, false) }).pending;
        return enqueueDelta(record, delta, after);
      };
      await alter(parts, key, delta, extend, presence, call);
      return isThere;
    },
    list: (options, call) => list(parts, options, call),
    async clear({ prefix }, call) {
      let cursor: string | undefined;
      do {
        const page = await list(parts, { prefix, limit: 1000, cursor }, call);
        await deleteSome(
          parts,
          page.entries.map(({ key }) => key),
          call,
        );
        ({ cursor } = page);
      } while (cursor !== undefined);
      // What has expired is not listed, and goes, too.
      await sweepWithin(parts, { prefix }, call);
    },
    sweep: (call) => sweepWithin(parts, { prefix: "" }, call),
    sweepWithin: (options, call) => sweepWithin(parts, options, call),
    soonest: () => soonest(parts),
    async watch({ prefix }, observer) {
      const hub = await parts.hub;
      const within = recordPrefix + prefix;
      const changed: typeof observer.changed = ({ type, key }) => {
        if (key.startsWith(within)) observer.changed({ type, key: key.slice(recordPrefix.length) });
      };
      const stop = hub.watch({ ...observer, changed });
      const changes = local.watch({ prefix: within, unref: true });
      const follow = async (): Promise<void> => {
        for await (const change of changes) {
          if (change.type === "resync") observer.resync();
          else if (change.type === "expire") changed(change);
        }
      };
      follow().catch(observer.failed);
      // What is asked of a store after a watch waits until that has begun.
      await local.findMany([]);
      return () => {
        stop();
        void changes.return!().catch(() => {});
      };
    },
    flush: parts.flush,
    close: parts.close,
  };
}
