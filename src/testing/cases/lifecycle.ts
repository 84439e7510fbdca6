import type { Store } from "../../core/contract.ts";
import type { Case, Context } from "../case.ts";
import { equal, equalDeadline, rejects, rejectsWith } from "../expect.ts";

/** Every call of a store, by name. */
function calls({ value, subject }: Context, store: Store<any>, signal?: AbortSignal): Record<string, () => unknown> {
  const basic = {
    get: () => store.get("key", { signal }),
    find: () => store.find("key", { signal }),
    has: () => store.has("key", { signal }),
    entry: () => store.entry("key", { signal }),
    set: () => store.set("key", value("new"), { signal }),
    delete: () => store.delete("key", { signal }),
    findMany: () => store.findMany(["key"], { signal }),
    setMany: () => store.setMany([["key", value("new")]], { signal }),
    deleteMany: () => store.deleteMany(["key"], { signal }),
    flush: () => store.flush({ signal }),
  };
  const atomic = {
    compareAndSet: () => store.compareAndSet("key", value("old"), value("new"), { signal }),
    setIfAbsent: () => store.setIfAbsent("other", value("new"), { signal }),
    take: () => store.take("key", { signal }),
    increment: () => store.increment("n", 1, { signal }),
    update: () => store.update("key", () => value("new"), { signal }),
    touch: () => store.touch("key", { ttl: 1000, signal }),
    transact: () => store.transact(["key"], () => [{ value: value("x") }], { signal }),
  };
  const list = {
    keys: () => store.keys({ signal })[Symbol.asyncIterator]().next(),
    entries: () => store.entries({ signal })[Symbol.asyncIterator]().next(),
    list: () => store.list({ signal }),
    clear: () => store.clear({ signal }),
  };
  return {
    ...basic,
    ...(subject.can.includes("atomic") ? atomic : {}),
    ...(subject.can.includes("list") ? list : {}),
    ...(subject.can.includes("sweep") ? { sweep: () => store.sweep({ signal }) } : {}),
    // One that is aborted ends quietly.
    ...(subject.can.includes("watch") && !signal?.aborted ? { watch: () => store.watch({ signal }).next() } : {}),
  };
}

/** What opening, closing and aborting promise. */
export const lifecycle: readonly Case[] = [
  {
    name: "a closed store rejects every call as closed, and closes once",
    async run(context) {
      const store = await context.open();
      await store.set("key", context.value("old"));
      await Promise.all([store.close(), store.close()]);
      await store.close();
      for (const [name, call] of Object.entries(calls(context, store))) await rejects(call, "closed", name);
    },
  },
  {
    name: "a store that was never used closes",
    async run({ open }) {
      const store = await open();
      await store.close();
      await rejects(() => store.find("key"), "closed", "find");
    },
  },
  {
    name: "a call with an aborted signal rejects with its reason and does nothing",
    async run(context) {
      const store = await context.open();
      await store.set("key", context.value("old"));
      const reason = { why: "any value may be a reason" };
      const signal = AbortSignal.abort(reason);
      for (const [name, call] of Object.entries(calls(context, store, signal))) await rejectsWith(call, reason, name);
      equal(context.text(await store.get("key")), "old", "the value");
      equal([await store.has("other"), await store.has("n")], [false, false], "the other keys");
    },
  },
  {
    name: "a call that is aborted on the way rejects with the reason, or was faster, and the store works on",
    async run(context) {
      const store = await context.open();
      await store.set("key", context.value("old"));
      const reason = new Error("enough");
      for (const name of Object.keys(calls(context, store))) {
        const controller = new AbortController();
        const call = (async () => calls(context, store, controller.signal)[name]!())().then(
          () => "done",
          (error: unknown) => error,
        );
        controller.abort(reason);
        const outcome = await call;
        const isFine = outcome === reason || outcome === "done";
        if (!isFine) throw new Error(`${name}: expected the reason, got ${String(outcome)}`, { cause: outcome });
        await store.set("key", context.value("old"));
      }
      equal(context.text(await store.get("key")), "old", "the value");
    },
  },
  {
    name: "a signal that is never aborted changes nothing",
    async run(context) {
      const store = await context.open();
      const { signal } = new AbortController();
      await store.set("key", context.value("x"), { signal });
      equal(context.text(await store.get("key", { signal })), "x", "get");
      equal(await store.find("none", { signal }), undefined, "find");
      await rejects(() => store.get("none", { signal }), "not-found", "get of a miss", "none");
    },
  },
  {
    name: "many first calls at once all work",
    async run({ open, value, text }) {
      const store = await open();
      const writes = Array.from({ length: 50 }, (_, index) => store.set(`key ${index}`, value(String(index))));
      const misses = Array.from({ length: 10 }, (_, index) => store.find(`none ${index}`));
      await Promise.all(writes);
      equal(await Promise.all(misses), Array.from({ length: 10 }), "the misses");
      const found = await Promise.all(Array.from({ length: 50 }, (_, index) => store.get(`key ${index}`)));
      equal(found.map(text), Array.from({ length: 50 }, (_, index) => String(index)), "the values"); // prettier-ignore
    },
  },
  {
    name: "isPersistent says whether values outlive the store, also once it is closed",
    async run({ open, subject }) {
      const store = await open();
      equal(store.isPersistent(), subject.can.includes("persistent"), "isPersistent");
      await store.close();
      equal(store.isPersistent(), subject.can.includes("persistent"), "isPersistent of a closed store");
    },
  },
  {
    name: "what was written is there when the medium is opened again",
    needs: ["persistent"],
    async run({ open, value, text, clock }) {
      const store = await open();
      await store.set("plain", value("1"));
      await store.set("short", value("2"), { ttl: 1000 });
      await store.set("gone", value("3"), { ttl: 10 });
      await store.close();
      clock.advance(10);
      const again = await open();
      equal((await again.findMany(["plain", "short", "gone"])).map(text), ["1", "2", undefined], "the values");
      await equalDeadline(again, "short", clock.now() + 990, "the deadline");
    },
  },
  {
    name: "calls made before close are finished by it",
    needs: ["persistent"],
    async run({ open, value, text }) {
      const store = await open();
      const writing = Promise.all(Array.from({ length: 20 }, (_, index) => store.set(`key ${index}`, value("x"))));
      const closing = store.close();
      await Promise.all([writing, closing]);
      const again = await open();
      const found = await again.findMany(Array.from({ length: 20 }, (_, index) => `key ${index}`));
      equal(found.map(text), Array.from({ length: 20 }, () => "x"), "the values"); // prettier-ignore
    },
  },
  {
    name: "what was acknowledged before a flush is in the medium after it",
    needs: ["shared"],
    async run({ open, value, text }) {
      const [one, other] = [await open(), await open()];
      await one.flush();
      await one.set("key", value("1"));
      await one.setMany([["a", value("2")], ["b", value("3")]]); // prettier-ignore
      await one.flush();
      equal((await other.findMany(["key", "a", "b"])).map(text), ["1", "2", "3"], "the values");
    },
  },
  {
    name: "a store works with await using, where the runtime knows it",
    async run({ open }) {
      if (!Symbol.asyncDispose) return;
      const store = await open();
      await store[Symbol.asyncDispose]();
      await rejects(() => store.find("key"), "closed", "find");
    },
  },
  {
    name: "what a store cannot do it says",
    async run(context) {
      const store = await context.open();
      const { can } = context.subject;
      const all = calls(
        { ...context, subject: { ...context.subject, can: ["atomic", "list", "sweep", "watch"] } },
        store,
      );
      const names: Record<string, readonly string[]> = {
        atomic: ["compareAndSet", "setIfAbsent", "take", "increment", "update", "touch", "transact"],
        list: ["keys", "entries", "list", "clear"],
        sweep: ["sweep"],
        watch: ["watch"],
      };
      for (const feature of ["atomic", "list", "sweep", "watch"] as const) {
        if (can.includes(feature)) continue;
        for (const name of names[feature]!) await rejects(all[name]!, "unsupported", name);
      }
    },
  },
];
