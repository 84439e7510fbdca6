import { missing, quote, type StoreError } from "../../core/error.ts";
import { keep } from "../wire/ttl.ts";
import type { Ask } from "./ask.ts";
import { readConditions, type Conditions } from "./conditions.ts";
import type { Types } from "./mediaTypes.ts";
import { operations } from "./operations.ts";
import { refusal } from "./refusal.ts";
import { done, writeEntry, writeJson, writeType, type Reply } from "./reply.ts";
import { readTtl, readTtlOrKeep, readType } from "./requestHeaders.ts";

/** Returns how requests about one entry are answered. `types` has the types that values were written with. */
export function createEntryReplies(types: Types): {
  readonly [name in "find" | "set" | "delete" | "take" | "increment" | "touch"]: (ask: Ask) => Promise<Reply>;
} {
  async function find(ask: Ask): Promise<Reply> {
    const { parameters: { key = "" }, request, before, signal } = ask; // prettier-ignore
    const reading = types.find(before + key, { signal });
    // There are none about most values.
    const [entry, notes] = reading
      ? await Promise.all([operations.find.run(ask, key), reading])
      : [await operations.find.run(ask, key)];
    if (!entry) missing(key);
    const etag = await etagOf(ask, entry.value);
    const conditions = readConditions(request);
    if (conditions.misses(etag)) throw refuseCondition(key);
    const reply = writeEntry(entry.value, entry.ttl, etag, conditions.knows(etag));
    const [, type] = notes?.find(([noted]) => etag === `"${noted}"`) ?? [];
    return type ? writeType(reply, type, request) : reply;
  }

  async function set(ask: Ask): Promise<Reply> {
    const { parameters: { key = "" }, request, before, signal } = ask; // prettier-ignore
    const [ttl, conditions, type] = [readTtlOrKeep(request), readConditions(request), readType(request)];
    const value = await ask.body();
    let life = ttl === keep ? Infinity : ttl;
    if (ttl !== keep && !conditions.any) await operations.set.run(ask, key, value, ttl);
    else {
      const old = await operations.change.run(ask, key, value, ttl, (entry) => judge(ask, key, conditions, entry));
      if (ttl === keep) life = old?.ttl ?? Infinity;
    }
    // After the value: one that is refused leaves the type of the old one as it is.
    if (type) await types.note(before + key, await ask.hash(value), type, { ttl: life, signal });
    return done;
  }

  return {
    find,
    set,
    async delete(ask) {
      const { parameters: { key = "" }, request } = ask; // prettier-ignore
      const conditions = readConditions(request);
      if (!conditions.any) await operations.delete.run(ask, key);
      else {
        await operations.change.run(ask, key, undefined, keep, async (entry) => {
          await judge(ask, key, conditions, entry);
          if (!entry) missing(key);
        });
      }
      return done;
    },
    async take(ask) {
      const { key = "" } = ask.parameters;
      return writeEntry((await operations.take.run(ask, key)) ?? missing(key), Infinity);
    },
    async increment(ask) {
      const { key = "", by = "1" } = ask.parameters;
      const step = /^[-+.e\d]+$/i.test(by) ? Number(by) : NaN;
      return writeJson(await operations.increment.run(ask, key, step, readTtl(ask.request)));
    },
    async touch(ask) {
      const { key = "" } = ask.parameters;
      if (!(await operations.touch.run(ask, key, readTtl(ask.request)))) missing(key);
      return done;
    },
  };
}

/** Returns the strong tag of a value. */
async function etagOf({ hash }: Ask, value: Uint8Array): Promise<string> {
  return `"${await hash(value)}"`;
}

/** Throws unless the conditions are true of an entry, or of there being none. */
async function judge(
  ask: Ask,
  key: string,
  conditions: Conditions,
  entry: { readonly value: Uint8Array } | undefined,
): Promise<void> {
  const etag = entry && (await etagOf(ask, entry.value));
  if (conditions.misses(etag) || conditions.knows(etag)) throw refuseCondition(key);
}

function refuseCondition(key: string): StoreError {
  return refusal("condition", `Cannot change key ${quote(key)}: expected what the request has as a condition`, { key });
}
