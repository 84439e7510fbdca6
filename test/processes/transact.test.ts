// Two keys sum to 100 for whoever reads them in one step, in whichever process, whoever writes and whatever becomes of that.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { runtimes } from "../../scripts/runtimes.mjs";
import { startChild, type Child } from "../support/childProcess.ts";
import { startValkey, type ValkeyServer } from "../support/valkey.ts";

type Name = keyof typeof runtimes;
/** What a process opens: the name of a backend, and its options. */
type Place = readonly [name: string, options: object];

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
let server: ValkeyServer;
beforeAll(async () => {
  server = await startValkey();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

let media = 0;
const places: Record<string, () => Place> = {
  "a SQLite file": () => ["sqlite", { path: join(folder, `${++media}.db`) }],
  "a Valkey server": () => ["valkey", { url: server.url, prefix: `${++media}/` }],
};

/** Processes of a test, all of which are gone after it. */
interface Processes {
  open(runtime: Name, place: Place): Promise<Child>;
  /** Lets all end by themselves that nobody has killed. */
  end(): Promise<void>;
}

async function withProcesses(work: (processes: Processes) => Promise<void>): Promise<void> {
  const children: Child[] = [];
  try {
    await work({
      async open(runtime, place) {
        const child = startChild(runtimes[runtime], "sharedChild.ts");
        children.push(child);
        await child.call("open", ...place);
        return child;
      },
      async end() {
        await Promise.all(children.map((child) => child.call("close").then(() => child.end())));
      },
    });
  } finally {
    for (const child of children) await child.kill();
  }
}

/** Has processes read on while others work, and asserts that each saw the sum alone, and more than one state. */
async function whileRead(
  readers: readonly (readonly [child: Child, how: string])[],
  work: () => Promise<void>,
): Promise<void> {
  const reading = readers.map(([child, how]) => child.call("readOn", how));
  await Promise.all(readers.map(([child]) => child.until(1)));
  await work();
  await Promise.all(readers.map(([child]) => child.call("stop")));
  for (const { sums, states } of await Promise.all(reading)) {
    assert.deepEqual(sums, [100]);
    assert.ok(states > 1, `${states} states`);
  }
}

const times = 60;

for (const [what, place] of Object.entries(places)) {
  test(`two keys of ${what} sum to 100 for readers in three processes, while three others write`, () =>
    withProcesses(async ({ open, end }) => {
      const where = place();
      const writers = await Promise.all((["node24", "bun", "deno"] as const).map((name) => open(name, where)));
      const readers = await Promise.all((["node22", "bun", "deno"] as const).map((name) => open(name, where)));
      await writers[0]!.call("begin");
      const hows = ["transact", "findMany", "findMany"];
      await whileRead(readers.map((child, index) => [child, hows[index]!]), async () => {
        await Promise.all(writers.map((child) => child.call("moveOften", times)));
      }); // prettier-ignore
      assert.deepEqual(await readers[0]!.call("read", "findMany"), [100 - 3 * times, 3 * times]);
      await end();
    }));

  test(`two keys of ${what} sum to 100 whenever a writer is killed, and nothing acknowledged is lost`, () =>
    withProcesses(async ({ open }) => {
      const where = place();
      const [staying, reader, other] = await Promise.all([open("node24", where), open("node24", where), open("bun", where)]); // prettier-ignore
      await staying.call("begin");
      let acknowledged = 0;
      await whileRead([[reader, "transact"], [other, "findMany"]], async () => {
        for (const name of ["node22", "node24", "bun", "deno", "node24", "node24"] as const) {
          const killed = await open(name, where);
          void killed.call("moveOn").catch(() => {});
          await killed.until(5);
          await staying.call("moveOften", 2);
          await killed.kill();
          acknowledged += 2 + (killed.said.at(-1)![1] as number);
          // As it is right after.
          const [a, b] = await staying.call("read", "transact");
          assert.equal(a + b, 100);
          assert.ok(b >= acknowledged, `${b} of ${acknowledged}`);
        }
      }); // prettier-ignore
    }));

  test(`two keys of ${what} sum to 100 over HTTP, by two handlers on it, of which one is killed`, () =>
    withProcesses(async ({ open }) => {
      const where = place();
      const handlers = await Promise.all([open("node24", where), open("bun", where)]);
      await handlers[0].call("begin");
      const urls = (await Promise.all(handlers.map((child) => child.call("serve")))) as string[];
      const remotes = urls.map((url): Place => ["remote", { url }]);
      const [first, second, reader, many, direct, abandoned] = await Promise.all([
        open("node24", remotes[0]!),
        open("deno", remotes[1]!),
        open("node24", remotes[0]!),
        open("node22", remotes[0]!),
        open("node24", where),
        open("node24", remotes[1]!),
      ]);
      await whileRead([[reader, "transact"], [many, "findMany of many"], [direct, "findMany of many"]], async () => {
        await Promise.all([first.call("moveOften", 20), second.call("moveOften", 20)]);
        assert.deepEqual(await reader.call("read", "transact"), [60, 40]);
        void abandoned.call("moveOn").catch(() => {});
        await abandoned.until(3);
        await handlers[1].kill();
        const acknowledged = abandoned.said.at(-1)![1] as number;
        await first.call("moveOften", 5);
        const [a, b] = await reader.call("read", "transact");
        assert.equal(a + b, 100);
        assert.ok(b >= 45 + acknowledged, `${b} of ${acknowledged}`);
      }); // prettier-ignore
    }));
}
