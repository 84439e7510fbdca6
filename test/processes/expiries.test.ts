// While a process watches, what expires is reported to it though nobody reads, by whichever process it was written.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { runtimes } from "../../scripts/runtimes.mjs";
import { startChild, type Child } from "../support/childProcess.ts";
import { valkeyPlaces } from "../support/valkeyPlaces.ts";

type Name = keyof typeof runtimes;
type Place = readonly [name: string, options: object];

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
const valkeys = valkeyPlaces();
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
});

let media = 0;
const places: Record<string, () => Place> = {
  "a SQLite file": () => ["sqlite", { path: join(folder, `${++media}.db`) }],
  "a Valkey server": () => ["valkey", { url: valkeys.server.url, prefix: `${++media}/` }],
  "one slot of a Valkey cluster": () => [
    "valkey",
    { url: valkeys.cluster.urls, cluster: true, prefix: `{${++media}}` },
  ],
};

async function withChildren(names: readonly Name[], work: (...children: Child[]) => Promise<void>): Promise<void> {
  const children = names.map((name) => startChild(runtimes[name], "sharedChild.ts"));
  try {
    await work(...children);
  } finally {
    for (const child of children) await child.kill();
  }
}

/** Opens a place in each process, by one clock that is turned by hand if that is asked for. */
async function openAll(children: readonly Child[], place: Place, isTurned = false): Promise<void> {
  await Promise.all(children.map((child) => child.call("open", ...place, isTurned)));
}

/** Asserts that a process has been informed of changes, each once, in this order. */
async function informed(child: Child, expected: readonly string[]): Promise<void> {
  await child.until(expected.length);
  assert.deepEqual(child.said.map(([, change]) => change), expected); // prettier-ignore
}

/** Has processes watch while another writes and is killed, and asserts that all are informed of each expiry once. */
async function prove(writer: Child, watchers: readonly Child[]): Promise<void> {
  await writer.call("set", "stays", "x", 3_600_000);
  for (const watcher of watchers) await watcher.call("watch");
  await writer.call("set", "during", "x", 300);
  const expected = ["set during", "expire during"];
  for (const watcher of watchers) await informed(watcher, expected);
  await writer.call("set", "last", "x", 1000);
  // It does not take the one that wrote.
  await writer.kill();
  expected.push("set last", "expire last");
  for (const watcher of watchers) await informed(watcher, expected);
  // What came twice would have come before that.
  await watchers[0]!.call("set", "end", "x");
  for (const watcher of watchers) await informed(watcher, [...expected, "set end"]);
}

for (const [what, place] of Object.entries(places)) {
  test(`two processes are informed of what expires on ${what}, each once, though nobody reads`, () =>
    withChildren(["node24", "bun", "deno"], async (writer, ...watchers) => {
      await openAll([writer, ...watchers], place());
      await prove(writer, watchers);
    }));
}

/** Has two processes serve one file, and a remote of the first and second in each of others. */
async function serve(servers: readonly Child[], remotes: readonly Child[], isTurned = false): Promise<void> {
  await openAll(servers, places["a SQLite file"]!(), isTurned);
  const urls = await Promise.all(servers.map((child) => child.call("serve") as Promise<string>));
  for (const [index, child] of remotes.entries()) {
    await openAll([child], ["remote", { url: urls[index % urls.length]! }], isTurned);
  }
}

test("remotes are informed of what expires behind two servers, though nobody reads", () =>
  withChildren(["node24", "bun", "node24", "node24", "deno"], async (first, second, writer, ...watchers) => {
    await serve([first, second], [writer, ...watchers]);
    await prove(writer, watchers);
  }));

for (const what of ["a SQLite file", "remotes"]) {
  test(`what was written before a watch is reported at its deadline, and what expired before it is not: ${what}`, () =>
    withChildren(["node24", "bun", "node24", "deno"], async (first, second, third, fourth) => {
      const all = [first, second, third, fourth];
      if (what === "remotes") await serve(all.slice(0, 2), all.slice(2), true);
      else await openAll(all, places[what]!(), true);
      const [writer, watcher] = all.slice(2);
      const turn = (ms: number): Promise<unknown> => Promise.all(all.map((child) => child.call("turn", ms)));
      await writer!.call("set", "over", "x", 50);
      await writer!.call("set", "soon", "x", 100);
      await writer!.call("set", "later", "x", 200);
      await turn(50);
      await watcher!.call("watch");
      await turn(50);
      await informed(watcher!, ["expire soon"]);
      await turn(100);
      await informed(watcher!, ["expire soon", "expire later"]);
      await writer!.call("set", "end", "x");
      await informed(watcher!, ["expire soon", "expire later", "set end"]);
    }));
}
