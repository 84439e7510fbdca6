import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "vitest";
import { valkey } from "../../src/backends/valkey.ts";
import type { Store } from "../../src/core/contract.ts";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import { cases, casesFor, createClock, prove, type Case, type Feature, type Subject } from "../../src/testing.ts";
import { prefix as part } from "../../src/views/prefix.ts";
import { runtimes } from "../../scripts/runtimes.mjs";
import { until } from "../support/until.ts";
import type { ValkeyServer } from "../support/valkey.ts";
import { valkeyPlaces, type Where } from "../support/valkeyPlaces.ts";
import { valkeyCan } from "../support/valkeySubjects.ts";
import { showChange } from "../support/showChange.ts";

const run = promisify(execFile);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const valkeys = valkeyPlaces();

let prefixes = 0;
const fresh = (): string => `test ${++prefixes}/`;
/** What stores in a medium can do. */
const can = (name: string): Feature[] => valkeyCan.filter((each) => each !== "transact" || !name.includes("cluster"));
const media: readonly Where[] = ["valkey", "valkey cluster"];
const { open } = valkeys;

/** A server of a medium, of which redis-cli is passed on to the others with "-c". */
function serverOf(name: string): ValkeyServer {
  return name.includes("cluster") ? valkeys.cluster.nodes[0]! : valkeys.server;
}

/** Resolves when a server's own clock has passed the deadline of a value. */
async function untilGone(name: string, key: string): Promise<void> {
  await until(async () => (await serverOf(name).cli("-c", "exists", key)) === "0");
}

function proveAll(list: readonly Case[], subject: Subject): void {
  for (const each of casesFor(list, subject)) test(`${subject.name}: ${each.name}`, () => prove(each, subject));
}

// The clock of the other Cases is turned by hand, and that of a server is not.
const timeless = cases.filter(({ run }) => !/clock|expiresAt|deadline|ttl/.test(String(run)));

test("there are Cases without a clock", () => assert.ok(timeless.length > 40));

for (const name of media) {
  const isScattered = name.includes("cluster");
  proveAll(timeless, {
    name: `${name} by the server's clock`,
    can: can(name),
    rounds: 200,
    isScattered,
    open: (medium) => open(name, { prefix: `${medium}/` }),
  });

  // A handler of its own for each remote, all over the same servers.
  proveAll(cases, {
    name: `a remote over a handler over ${name}`,
    can: can(name),
    rounds: 50,
    isScattered,
    open(medium, { now, sweepInterval }) {
      const behind = open(name, { now, sweepInterval, prefix: `${medium}/` });
      const answer = handler(behind, { now });
      const store = remote({ url: "http://store.test", now, fetch: (url, init) => answer(new Request(url, init)) });
      return {
        ...store,
        async close() {
          await store.close();
          await behind.close();
        },
      };
    },
  });

  test(`${name}: 50 who count at once, in five runtimes, count 50`, async () => {
    const prefix = fresh();
    const store = open(name, { prefix });
    await store.set("greeting", bytes("hello"));
    const script = fileURLToPath(new URL("valkeyChild.ts", import.meta.url));
    const options = JSON.stringify({ ...valkeys.optionsOf(name), prefix });
    const said = await Promise.all(
      Object.values(runtimes).map(async ([file, ...args]) => {
        const { stdout, stderr } = await run(file!, [...args, script, options], { timeout: 60_000 });
        assert.equal(stderr, "");
        return JSON.parse(stdout) as { counts: number[]; greeting: string };
      }),
    );
    const counts = said.flatMap((each) => each.counts).sort((a, b) => a - b);
    assert.deepEqual(
      counts,
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
    assert.deepEqual(
      said.map(({ greeting }) => greeting),
      said.map(() => "hello"),
    );
    assert.equal(text(await store.get("n")), "50");
  });

  test(`${name}: an expired read never removes a fresh write, in 1,000 rounds`, async () => {
    const prefix = fresh();
    const [reader, writer] = [open(name, { prefix }), open(name, { prefix })];
    await Promise.all([reader.has("x"), writer.has("x")]);
    const round = async (number: number): Promise<void> => {
      const key = `key ${number}`;
      await writer.set(key, bytes("old"), { ttl: 1 });
      await pause(Math.random() * 3);
      const [, , found] = await Promise.all([
        reader.find(key),
        writer.set(key, bytes("new")),
        reader.take(`${key} no`),
      ]);
      assert.equal(found, undefined);
      assert.equal(text(await reader.find(key)), "new", key);
    };
    for (let number = 0; number < 1000; number += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, more) => round(number + more)));
    }
  });

  test(`${name}: no value is read at its deadline or after it, and each is reported to expire once`, async () => {
    const store = open(name, { prefix: fresh(), sweepInterval: Infinity });
    const reported: string[] = [];
    const changes = store.watch();
    const reading = (async () => {
      for await (const change of changes) reported.push(showChange(change));
    })();
    // What takes too long to be begun is over before it is written.
    await store.has("key");
    const keys = Array.from({ length: 40 }, (_, number) => `key ${number}`);
    await Promise.all(
      keys.map(async (key) => {
        await store.set(key, bytes("x"), { ttl: 20 + Math.random() * 60 });
        // On a machine that is held up it may be over by now.
        const { expiresAt } = (await store.entry(key)) ?? { expiresAt: 0 };
        while (expiresAt) {
          const asked = Date.now();
          if (!(await store.find(key))) break;
          assert.ok(asked < expiresAt, `${key} was there ${asked - expiresAt} ms late`);
        }
        assert.ok(Date.now() >= expiresAt, `${key} went before its deadline`);
      }),
    );
    for (let number = 0; number < 64; number++) await store.set(`last ${number}`, bytes("x"));
    await until(() => reported.filter((change) => change.startsWith("set last")).length === 64);
    await changes.return!();
    await reading;
    // On a machine that is held up some were over before they were written.
    const written = keys.filter((key) => reported.includes(`set ${key}`));
    assert.deepEqual(reported.filter((change) => change.startsWith("expire")).sort(), written.map((key) => `expire ${key}`).sort()); // prettier-ignore
  });

  /** Writes a value that is there for a moment. */
  async function writeShort(store: Store, key: string): Promise<void> {
    // On a machine that is held up it may be over before it is written.
    for (let ttl = 20; ; ttl *= 2) {
      await store.set(key, bytes("x"), { ttl });
      if (await store.has(key)) return;
    }
  }

  test(`${name}: what nobody reads is swept`, async () => {
    const prefix = fresh();
    const store = open(name, { prefix, sweepInterval: Infinity });
    await store.set("stays", bytes("x"), { ttl: 100_000 });
    await writeShort(store, "gone");
    await untilGone(name, `${prefix}gone`);
    assert.equal(await store.sweep(), 1);
    assert.equal(await store.sweep(), 0);
    assert.equal(await store.has("stays"), true);
  });

  test(`${name}: what nobody reads is swept, and reported`, async () => {
    const prefix = fresh();
    const [store, other] = [open(name, { prefix, sweepInterval: Infinity }), open(name, { prefix, sweepInterval: Infinity })]; // prettier-ignore
    const changes = store.watch();
    const reported: string[] = [];
    const reading = (async () => {
      for await (const change of changes) reported.push(showChange(change));
    })();
    await store.set("stays", bytes("x"), { ttl: 100_000 });
    await writeShort(other, "gone");
    // In a cluster nobody is informed of it before it is swept.
    await until(async () => {
      if (isScattered) await other.sweep();
      return reported.includes("expire gone");
    });
    await changes.return!();
    await reading;
    const count = (change: string): number => reported.filter((each) => each === change).length;
    assert.ok(count("expire gone") <= count("set gone"), String(reported));
    assert.deepEqual([...new Set(reported)].sort(), ["expire gone", "set gone", "set stays"]);
  });

  test(`${name}: a store that is closed while it begins leaves no connection`, async () => {
    const count = async (): Promise<number> => (await serverOf(name).cli("client", "list")).split("\n").length;
    const first = await count();
    for (const call of ["find", "list", "sweep", "watch"] as const) {
      const store = valkey({ ...valkeys.optionsOf(name), prefix: fresh() });
      const begun = call === "watch" ? store.watch().next() : call === "find" ? store.find("x") : store[call]();
      await Promise.all([begun, store.close()]);
    }
    await until(async () => (await count()) <= first);
  });
}

test("other clients read and write the values", async () => {
  const prefix = fresh();
  const store = open("valkey", { prefix });
  await store.set("plain", bytes("hello"));
  await store.set("short", bytes("hello"), { ttl: 60_000 });
  assert.equal(await valkeys.server.cli("get", `${prefix}plain`), "hello");
  assert.equal(await valkeys.server.cli("pttl", `${prefix}plain`), "-1");
  // A server hides a value after the ms of its own deadline, and not in it.
  const deadline = async (key: string): Promise<number> => Number(await valkeys.server.cli("pexpiretime", `${prefix}${key}`)) + 1; // prettier-ignore
  assert.equal((await store.entry("short"))!.expiresAt, await deadline("short"));
  await valkeys.server.cli("set", `${prefix}theirs`, "hi", "px", "60000");
  const { value, expiresAt } = (await store.entry("theirs"))!;
  assert.equal(text(value), "hi");
  assert.equal(expiresAt, await deadline("theirs"));
  await valkeys.server.cli("set", `${prefix}theirs`, "hi", "px", "1");
  await untilGone("valkey", `${prefix}theirs`);
  assert.equal(await store.find("theirs"), undefined);
  await valkeys.server.cli("rpush", `${prefix}list`, "x");
  await assert.rejects(store.get("list"), { code: "cant-decode" });
  await store.set("list", bytes("a string now"));
  assert.equal(text(await store.get("list")), "a string now");
});

test("a sweep of a view goes past any number of others' that have expired, at one moment or at many", async () => {
  const { now, advance } = createClock();
  const store = open("valkey", { prefix: fresh(), now, sweepInterval: Infinity });
  const items = Array.from({ length: 1300 }, (_, index) => {
    const part = index % 2 ? "mine/" : index % 4 ? "yours/" : "theirs/";
    return [part + index, bytes("x"), { ttl: index < 1100 ? 10 : index - 1000 }] as const;
  });
  await store.setMany(items);
  await store.setMany(Array.from({ length: 1100 }, (_, index) => [`0${index}`, bytes("x"), { ttl: 10 }] as const));
  advance(400);
  const swept = ["mine/", "theirs/"].map((name) => part(store, name).sweep());
  assert.deepEqual(await Promise.all(swept), [650, 325]);
  assert.equal(await store.sweep(), 325 + 1100);
});

test("a restarted server that has forgotten the scripts gets them again", async () => {
  const store = open("valkey", { prefix: fresh() });
  await store.set("key", bytes("x"), { ttl: 60_000 });
  await valkeys.server.cli("script", "flush");
  assert.equal(text(await store.get("key")), "x");
  await valkeys.server.cli("script", "flush");
  await store.set("key", bytes("y"));
  await valkeys.server.cli("script", "flush");
  assert.equal(text(await store.take("key")), "y");
});
