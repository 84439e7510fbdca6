// Replicas push to a server that is killed again and again, and find out what became of it by sending the same again.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { sqlite } from "../../src/backends/sqlite.ts";
import { isStoreError } from "../../src/core/error.ts";
import { FORGOTTEN, type Operation, type Outcome } from "../../src/core/link.ts";
import { remoteLink } from "../../src/http/link.ts";
import { remote } from "../../src/http/remote.ts";
import { text, utf8 } from "../support/bytes.ts";
import { createKilledServer } from "../support/killedServer.ts";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rounds = 40;
const count = 6;
const path = join(folder, "store.db");

/** What a replica knows of one of its numbers and of its value. */
interface Replica {
  readonly index: number;
  /** The sums that it was answered, and how many pushes nobody knows the outcome of. */
  sum: number;
  acknowledged: number;
  uncertain: number;
  /** The last value that was answered as written, with its tag, and those that may have been written after it. */
  value: string | undefined;
  tag: string | undefined;
  maybe: string[];
}

test(
  `a server that is killed ${rounds} times applies each push once at most, and what it answers is true`,
  { timeout: 900_000 },
  async () => {
    const server = createKilledServer(path, join(folder, "requests.db"));
    let isOver = false;
    let answered = 0;
    let reached = (): void => {};
    let target = Infinity;

    async function run(index: number): Promise<Replica> {
      const store = remote({ url: server.mount, fetch: server.fetch, attempts: 20, timeout: 120_000 });
      const link = remoteLink(store)!;
      const call = { now: () => Date.now() };
      const replica: Replica = { index, sum: 0, acknowledged: 0, uncertain: 0, value: undefined, tag: undefined, maybe: [] }; // prettier-ignore
      let { name } = await link.greet(call);
      let sequence = 0;
      for (let each = 0; !isOver; each++) {
        const value = `${index}: ${each}`;
        const operations: Operation[] = [
          { kind: "add", key: `n${index}`, by: 1, expiresAt: Infinity },
          { kind: "write", key: `v${index}`, value: utf8(value), tag: replica.tag, expiresAt: Infinity },
          { kind: "add", key: "all", by: 1, expiresAt: Infinity },
        ];
        const push = { name, sequence: ++sequence, nonce: `${each}`, operations };
        const outcomes = await repeatedly(() => link.push(push, call));
        if (outcomes !== FORGOTTEN) {
          note(replica, value, outcomes);
          if (++answered >= target) reached();
          continue;
        }
        replica.uncertain++;
        replica.maybe.push(value);
        ({ name } = await link.greet(call));
        sequence = 0;
      }
      await store.close();
      return replica;
    }

    const running = server.start().then(() => Promise.all(Array.from({ length: count }, (_, index) => run(index))));
    const failed = new Promise<never>((_, reject) => running.catch(reject));
    try {
      for (let round = 1; round <= rounds; round++) {
        target = answered + 1 + Math.floor(Math.random() * 20);
        await Promise.race([new Promise<void>((resolve) => (reached = resolve)), failed]);
        // At any point of what is under way.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
        await server.kill();
        await server.start();
      }
      isOver = true;
      const replicas = await running;
      await server.kill();
      await verify(replicas);
    } finally {
      isOver = true;
      await server.kill();
    }
  },
);

/** Sends until there is an answer: a push may be sent as often as one likes. */
async function repeatedly<R>(send: () => Promise<R>): Promise<R> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!isStoreError(error, "unavailable") && !isStoreError(error, "conflict")) throw error;
    }
  }
}

/** Asserts that an answer can be true, and notes it. */
function note(replica: Replica, value: string, [own, written, all]: readonly Outcome[]): void {
  const sum = Number(text(own!.now?.value));
  const { index, uncertain, acknowledged } = replica;
  assert.ok(own!.isDone && all!.isDone && sum > replica.sum, `${index}: ${sum} after ${replica.sum}`);
  assert.ok(sum <= acknowledged + uncertain + 1, `${index}: ${sum} of ${acknowledged}, ${uncertain} unknown`);
  replica.sum = sum;
  replica.acknowledged++;
  if (written!.isDone) {
    replica.value = value;
    replica.maybe = [];
  } else {
    // Nobody else writes there.
    const found = text(written!.now?.value)!;
    assert.ok(replica.maybe.includes(found), `${index}: ${found} is none of ${replica.maybe.join()}`);
    replica.value = found;
  }
  replica.tag = written!.now?.tag;
}

async function verify(replicas: readonly Replica[]): Promise<void> {
  const store = sqlite({ path });
  let least = 0;
  let most = 0;
  for (const { index, sum, acknowledged, uncertain, value, maybe } of replicas) {
    const total = Number(text(await store.find(`n${index}`)));
    assert.ok(sum <= total && acknowledged <= total && total <= acknowledged + uncertain, `${index}: ${total}, ${acknowledged} answered, ${uncertain} unknown`); // prettier-ignore
    const found = text(await store.find(`v${index}`));
    assert.ok(found === value || maybe.includes(found!), `${index}: ${found} after ${value}`);
    least += acknowledged;
    most += acknowledged + uncertain;
  }
  const all = Number(text(await store.find("all")));
  assert.ok(least <= all && all <= most, `${all} of ${least} to ${most}`);
  await store.close();
}
