import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, test } from "vitest";
import { sqlite } from "../../src/backends/sqlite.ts";
import { runtimes } from "../../scripts/runtimes.mjs";
import { startChild, type Child } from "../support/childProcess.ts";
import { until } from "../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const fresh = (): string => join(folder, `${++files}.db`);
const names = Object.keys(runtimes) as (keyof typeof runtimes)[];
const start = (name: keyof typeof runtimes): Child => startChild(runtimes[name], "sqliteChild.ts");
// Each runtime against itself, and each against the next, whose SQLite is another build.
const pairs = names.flatMap((name, index) => [
  [name, name] as const,
  [name, names[(index + 1) % names.length]!] as const,
]);

async function withChildren(
  pair: readonly (keyof typeof runtimes)[],
  work: (...children: Child[]) => Promise<void>,
): Promise<void> {
  const children = pair.map(start);
  try {
    await work(...children);
    for (const errors of await Promise.all(children.map((child) => child.end()))) assert.equal(errors, "");
  } finally {
    for (const child of children) await child.kill();
  }
}

for (const pair of pairs) {
  test(`two processes that increment lose nothing: ${pair.join(" and ")}`, async () => {
    const path = fresh();
    await withChildren(pair, async (...children) => {
      await Promise.all(children.map((child) => child.call("open", { path })));
      await Promise.all(children.map((child) => child.call("increment", "n", 500)));
      assert.equal(await children[0]!.call("find", "n"), "1000");
      // The last to close takes the journal away. Of two at the same moment each may take the other for the last.
      for (const child of children) await child.call("close");
      const left = readdirSync(folder).filter((name) => name.startsWith(basename(path)));
      assert.deepEqual(left, [basename(path)]);
    });
  });
}

for (const pair of pairs) {
  test(`two processes open the same new file at once: ${pair.join(" and ")}`, async () => {
    await withChildren(pair, async (...children) => {
      for (let round = 0; round < 20; round++) {
        const path = fresh();
        await Promise.all(children.map((child, index) => child.call("open", { path }, `key ${index}`)));
        assert.equal(await children[0]!.call("find", "key 1"), "key 1");
        assert.equal(await children[1]!.call("find", "key 0"), "key 0");
        await Promise.all(children.map((child) => child.call("close")));
      }
    });
  });
}

for (const name of names) {
  test(`what was acknowledged to a killed writer is there: ${name}`, async () => {
    const path = fresh();
    for (let round = 0; round < 5; round++) {
      const child = start(name);
      await child.call("open", { path });
      void child.call("write", `round ${round}:`).catch(() => {});
      await child.until(1);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      await child.kill();
      const written = child.said.at(-1)![1] as number;
      const store = sqlite({ path });
      const keys = Array.from({ length: written }, (_, index) => `round ${round}: ${index}`);
      const found = await store.findMany(keys);
      const lost = keys.filter((_, index) => new TextDecoder().decode(found[index]) !== String(index));
      assert.deepEqual(lost, [], `of ${written} in round ${round}`);
      await store.close();
    }
  });

  test(`an expired read of one process never removes a fresh write of another: ${name}`, async () => {
    const path = fresh();
    const rounds = 1000;
    await withChildren([name, "node24"], async (reader, writer) => {
      await Promise.all([reader.call("open", { path }), writer.call("open", { path })]);
      await writer.call("setAll", rounds, "old", 1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const reading = reader.call("findAll", rounds);
      await writer.call("setAll", rounds, "new");
      await reading;
      const store = sqlite({ path });
      const keys = Array.from({ length: rounds }, (_, index) => `key ${index}`);
      const found = await store.findMany(keys);
      assert.equal(found.filter((value) => new TextDecoder().decode(value) === "new").length, rounds);
      await store.close();
      await Promise.all([reader.call("close"), writer.call("close")]);
    });
  });

  test(`what one process changes, others see once, in its order: ${name}`, async () => {
    const path = fresh();
    await withChildren([name, names[(names.indexOf(name) + 1) % names.length]!, name], async (writer, other, third) => {
      await Promise.all([writer, other, third].map((child) => child.call("open", { path })));
      await Promise.all([writer, other, third].map((child) => child.call("watch")));
      const expected: string[] = [];
      const change = async (changes: string[], call: string, ...args: unknown[]): Promise<void> => {
        await writer.call(call, ...args);
        expected.push(...changes);
      };
      await change(["set a"], "set", "a", "1");
      await change(["set a"], "set", "a", "2");
      await change(["set b/1"], "set", "b/1", "1", 100);
      await change(["set b/2"], "set", "b/2", "1");
      await change(["delete a"], "delete", "a");
      await new Promise((resolve) => setTimeout(resolve, 150));
      await change([], "sweep");
      await change(["set c/1"], "set", "c/1", "1", 100);
      await change(["set c/2"], "set", "c/2", "1", 100);
      await change(["set d/1"], "set", "d/1", "1", 100);
      await new Promise((resolve) => setTimeout(resolve, 150));
      await change([], "find", "c/1");
      await change(["set c/2"], "set", "c/2", "2");
      await change(["delete c/2"], "deleteMany", ["c/2", "none", "d/1"]);
      await change(["set b/3"], "set", "b/3", "1");
      await change(["delete b/2", "delete b/3"], "clear", "b/");
      const keys = Array.from({ length: 3000 }, (_, index) => `set key ${index}`);
      await change(keys, "setAll", 3000, "x");
      await change(["set last"], "set", "last", "x");
      const seen: string[][] = [];
      for (const { said } of [writer, other, third]) {
        await until(() => said.some(([, what]) => what === "set last"));
        seen.push(said.map(([, what]) => String(what)));
      }
      for (const each of seen) {
        assert.deepEqual(each, seen[0]);
        // Whoever watches removes what expires, at some time after its deadline.
        const isExpiry = (what: string): boolean => what.startsWith("expire ");
        // Of what is overwritten nobody may have noticed that it had expired.
        const isSure = (what: string): boolean => what !== "expire c/2";
        const expired = ["b/1", "c/1", "d/1"].map((key) => `expire ${key}`);
        assert.deepEqual(
          each.filter((what) => !isExpiry(what)),
          expected,
        );
        assert.deepEqual(each.filter(isExpiry).filter(isSure).sort(), expired);
        for (const what of expired) assert.ok(each.indexOf(what) > each.indexOf(what.replace("expire", "set")), what);
      }
      await Promise.all([writer, other, third].map((child) => child.call("close")));
    });
  });

  test(`a change is reported to a process that does nothing else: ${name}`, async () => {
    const path = fresh();
    await withChildren(["node24", name], async (writer, watcher) => {
      await Promise.all([writer.call("open", { path }), watcher.call("open", { path })]);
      await watcher.call("watch");
      for (let round = 1; round <= 10; round++) {
        await writer.call("set", "key", `${round}`);
        await watcher.until(round);
      }
      assert.equal(watcher.said.length, 10);
      await Promise.all([writer.call("close"), watcher.call("close")]);
    });
  });

  test(`a file that is replaced while it is open is noticed, is its owner's alone, and gets no old journal: ${name}`, async () => {
    const [path, other] = [fresh(), fresh()];
    await withChildren([name], async (child) => {
      await child.call("open", { path: other }, "other");
      await child.call("close");
      await child.call("open", { path }, "mine");
      assert.equal(statSync(path).mode & 0o777, 0o600);
      renameSync(other, path);
      await until(async () => {
        try {
          await child.call("set", "mine", "x");
          return false;
        } catch (error) {
          assert.match(String(error), /unavailable: .*another in its place/);
          return true;
        }
      });
      assert.equal(await child.call("find", "other"), "other");
      assert.ok(!(await child.call("find", "mine")));
      await child.call("close");
    });
  });

  test(`a watch does not keep a process alive, and nothing is said of SQLite being experimental: ${name}`, async () => {
    const script = fileURLToPath(new URL("sqliteChild.ts", import.meta.url));
    const [file, ...args] = runtimes[name].filter((arg) => !arg.startsWith("--disable-warning")) as [
      string,
      ...string[],
    ];
    const child = spawn(file, [...args, script, fresh()], { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    const code = await new Promise((resolve) => child.once("close", resolve));
    clearTimeout(timer);
    assert.equal(code, 0);
    assert.doesNotMatch(errors, /SQLite/);
  });
}

test("a runtime without SQLite gets an error that says what is expected", async () => {
  const child = startChild([...runtimes.node24, "--no-experimental-sqlite"], "sqliteChild.ts");
  await child.call("open", { path: fresh() });
  await assert.rejects(child.call("find", "key"), /unsupported: .*expected a runtime with SQLite/);
  await child.call("close");
  assert.equal(await child.end(), "");
});
