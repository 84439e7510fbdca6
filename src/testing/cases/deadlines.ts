import type { Case } from "../case.ts";
import { equal, equalDeadline, rejects } from "../expect.ts";

/** What `expiresAt` promises, which is taken wherever a ttl is. */
export const deadlines: readonly Case[] = [
  {
    name: "expiresAt is taken wherever a ttl is",
    async run({ open, value, clock, subject }) {
      const store = await open();
      const at = clock.now() + 1234;
      await store.set("set", value("1"), { expiresAt: at });
      await store.setMany([
        ["many", value("1"), { expiresAt: at }],
        ["more", value("1"), { expiresAt: Infinity }],
        ["plain", value("1")],
      ]);
      for (const key of ["set", "many"]) await equalDeadline(store, key, at, key);
      for (const key of ["more", "plain"]) await equalDeadline(store, key, Infinity, key);
      await store.set("set", value("1"), { expiresAt: Infinity });
      await equalDeadline(store, "set", Infinity, "set for ever");
      if (!subject.can.includes("atomic")) return;
      await store.setIfAbsent("setIfAbsent", value("1"), { expiresAt: at });
      await store.compareAndSet("more", value("1"), value("2"), { expiresAt: at });
      await store.increment("increment", 1, { expiresAt: at });
      await store.update("update", () => value("1"), { expiresAt: at });
      equal(await store.touch("plain", { expiresAt: at }), true, "touch");
      for (const key of ["setIfAbsent", "more", "increment", "update", "plain"])
        await equalDeadline(store, key, at, key);
    },
  },
  {
    name: "a write whose expiresAt is past leaves no live value, and is no error",
    async run({ open, value, clock, subject }) {
      const store = await open();
      const keys = ["set", "many", "other", "compareAndSet", "update", "touch"];
      await store.setMany(keys.map((key) => [key, value("1")]));
      const past = { expiresAt: clock.now() };
      await store.set("set", value("2"), past);
      await store.set("new", value("2"), { expiresAt: 0 });
      await store.setMany([
        ["many", value("2"), past],
        ["fresh", value("2"), past],
        ["other", value("3")],
      ]);
      const found = await store.findMany(["set", "new", "many", "fresh"]);
      equal(found, [undefined, undefined, undefined, undefined], "what was written");
      equal(await store.has("other"), true, "what was written beside it");
      if (!subject.can.includes("atomic")) return;
      equal(await store.compareAndSet("compareAndSet", value("1"), value("2"), past), true, "compareAndSet");
      equal(await store.setIfAbsent("setIfAbsent", value("2"), past), true, "setIfAbsent");
      await store.update("update", () => value("2"), past);
      equal(await store.touch("touch", past), true, "touch");
      equal(await store.touch("touch", past), false, "touch of what is gone");
      equal(await store.increment("increment", 1, past), 1, "increment");
      const left = await store.findMany(["compareAndSet", "setIfAbsent", "update", "touch", "increment"]);
      equal(left, [undefined, undefined, undefined, undefined, undefined], "what atomic calls wrote");
    },
  },
  {
    name: "what is no deadline, or stands beside a ttl, is refused, and nothing is written",
    async run({ open, value, clock, subject }) {
      const store = await open();
      const at = clock.now() + 1000;
      const bad = [{ expiresAt: null }, { expiresAt: Number.NaN }, { expiresAt: "1" }, { expiresAt: -1 }, { expiresAt: new Date(at) }, { ttl: 5, expiresAt: at }, { ttl: Infinity, expiresAt: at }]; // prettier-ignore
      for (const options of bad as { expiresAt: number }[]) {
        const what = JSON.stringify(options);
        await rejects(() => store.set("key", value("1"), options), "invalid-argument", `set, ${what}`);
        const items = [
          ["other", value("1")],
          ["key", value("1"), options],
        ] as const;
        await rejects(() => store.setMany(items), "invalid-argument", `setMany, ${what}`);
        if (!subject.can.includes("atomic")) continue;
        const calls = {
          setIfAbsent: () => store.setIfAbsent("key", value("1"), options),
          compareAndSet: () => store.compareAndSet("key", undefined, value("1"), options),
          increment: () => store.increment("key", 1, options),
          update: () => store.update("key", () => value("1"), options),
          touch: () => store.touch("key", options),
        };
        for (const [name, call] of Object.entries(calls)) await rejects(call, "invalid-argument", `${name}, ${what}`);
      }
      equal(await store.findMany(["key", "other"]), [undefined, undefined], "what is there");
    },
  },
];
