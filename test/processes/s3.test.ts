// The store in a bucket of a real service: Ceph's gateway, over a cluster that lies in memory.
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, test } from "vitest";
import { s3, type S3Options } from "../../src/backends/s3.ts";
import type { Store } from "../../src/core/contract.ts";
import type { StoreErrorCode } from "../../src/core/error.ts";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import { listen, type Listening } from "../../src/service/listen.ts";
import type { Feature, Subject } from "../../src/testing/case.ts";
import { cases } from "../../src/testing/cases.ts";
import { oddKeys } from "../../src/testing/cases/keys.ts";
import { casesFor, prove } from "../../src/testing/prove.ts";
import { text, utf8 } from "../support/bytes.ts";
import { refused } from "../support/refused.ts";
import { startS3, type S3Server } from "../support/s3.ts";
import { until } from "../support/until.ts";
import { runtimes } from "../../scripts/runtimes.mjs";
import { startChild, type Child } from "../support/childProcess.ts";

const can: readonly Feature[] = ["atomic", "list", "sweep", "bytes", "shared", "persistent"];
const names = Object.keys(runtimes) as (keyof typeof runtimes)[];

let service: S3Server;
beforeAll(async () => {
  service = await startS3();
});
afterAll(() => service?.close());

let count = 0;
const fresh = (): S3Options => ({ ...service.options, prefix: `test-${++count}/` });

async function withChildren(work: (...children: Child[]) => Promise<void>, on = names): Promise<void> {
  const children = on.map((name) => startChild(runtimes[name], "s3Child.ts"));
  try {
    await work(...children);
    for (const errors of await Promise.all(children.map((child) => child.end()))) assert.equal(errors, "");
  } finally {
    for (const child of children) await child.kill();
  }
}

// ------------------------------------------------------------------------------------------------ the contract

// One of each kind: a gateway over a cluster is slow. All versions prove the Cases on the strict bucket.
const kinds = ["node24", "deno", "bun"] as const;

// All of them in one test: a hang takes longer to tell from work.
test("every Case holds on the service, on each kind of runtime, which share it", { timeout: 600_000 }, () =>
  withChildren(
    async (...children) => {
      const proven = await Promise.all(children.map((child) => child.call("prove", service.options, 2)));
      for (const [index, { count, failed }] of (proven as { count: number; failed: string[] }[]).entries()) {
        assert.deepEqual(failed, [], kinds[index]);
        assert.ok(count > 50);
      }
    },
    [...kinds],
  ),
);

describe("every Case holds on a remote, over a handler, over the service", () => {
  // A server has one clock, and so has each Case: its store follows it.
  const media = new Map<string, { time: number; store: Store; answer(request: Request): Promise<Response> }>();
  let app: Listening;
  beforeAll(async () => {
    app = await listen({
      answer(request) {
        const [, medium] = new URL(request.url).pathname.split("/", 2);
        return media.get(medium!)!.answer(request);
      },
    });
  });
  afterAll(async () => {
    await app?.close({ grace: 1 });
    for (const { store } of media.values()) await store.close();
  });
  const subject: Subject = {
    name: "remote over a handler over s3",
    can,
    rounds: 3,
    open(medium, options) {
      if (!media.has(medium)) {
        const { now } = options;
        const store = s3({ ...service.options, prefix: `${medium}/`, now, sweepInterval: options.sweepInterval });
        media.set(medium, { time: 0, store, answer: handler(store, { base: `/${medium}`, now }) });
      }
      return remote({ ...options, url: `${app.url}${medium}` });
    },
  };
  for (const each of casesFor(cases, subject)) test(each.name, () => prove(each, subject));
});

// ------------------------------------------------------------------------------------------------ processes

test("processes on all runtimes count exactly, and of all who take a value one gets it", async () => {
  const options = fresh();
  const store = s3(options);
  const jobs = Array.from({ length: 20 }, (_, index) => `job ${index}`);
  await store.setMany(jobs.map((job) => [job, utf8(job)]));
  await withChildren(async (...children) => {
    await Promise.all(children.map((child) => child.call("open", options)));
    await Promise.all(children.map((child) => child.call("increment", "n", 10)));
    assert.equal(text(await store.get("n")), `${10 * children.length}`);
    const taken = await Promise.all(children.map((child) => child.call("take", jobs.length)));
    assert.deepEqual((taken.flat() as string[]).sort(), [...jobs].sort());
    for (const child of children) await child.call("close");
  });
  await store.close();
});

test("every key survives the service, on all runtimes: alone, in a listing, by its prefix", async () => {
  const options = fresh();
  const store = s3(options);
  const keys = [...new Set([...oddKeys, "k".repeat(1024), "\u{1f600}".repeat(256), "%2e%2e/", "a;b", "a\\b", "../..", "//a//", "a", "a/", "a/b", "A"])]; // prettier-ignore
  for (const key of keys) await store.set(key, utf8(`value of ${key}`));
  assert.deepEqual(
    (await store.findMany(keys)).map(text),
    keys.map((key) => `value of ${key}`),
  );
  await withChildren(async (...children) => {
    await Promise.all(children.map((child) => child.call("open", options)));
    for (const listed of await Promise.all(children.map((child) => child.call("keys", "")))) {
      assert.deepEqual(listed.sort(), [...keys].sort());
    }
    for (const prefix of ["a", "a/", "\u{1f600}".repeat(200), "/"]) {
      const wanted = keys.filter((key) => key.startsWith(prefix)).sort();
      for (const child of children) assert.deepEqual((await child.call("keys", prefix)).sort(), wanted);
    }
  });
  assert.equal(await store.deleteMany(keys), keys.length);
  await store.close();
});

test("a cursor goes on where it was, in another store, and no key is seen twice", async () => {
  const options = fresh();
  const [one, other] = [s3(options), s3(options)];
  const keys = Array.from({ length: 25 }, (_, index) => `key ${index}`);
  await one.setMany(keys.map((key) => [key, utf8(key)]));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await (seen.length % 2 ? one : other).list({ limit: 7, cursor });
    seen.push(...page.entries.map(({ key }) => key));
    cursor = page.cursor;
    if (seen.length === 7) await one.delete(seen[3]!);
  } while (cursor !== undefined);
  assert.deepEqual(seen.sort(), keys.sort());
  for (const store of [one, other]) await store.close();
});

// ------------------------------------------------------------------------------------------------ failures

test("what the service refuses is reported as what it is, and never as a miss", async () => {
  const wrong: [Partial<S3Options>, StoreErrorCode, RegExp][] = [
    [{ secretAccessKey: "another" }, "unauthorized", /SignatureDoesNotMatch/],
    [{ accessKeyId: "another" }, "unauthorized", /InvalidAccessKeyId/],
    [{ bucketName: "another" }, "bad-config", /NoSuchBucket/],
  ];
  for (const [options, code, message] of wrong) {
    const store = s3({ ...fresh(), ...options });
    await refused(store.find("a"), code, message);
    await refused(store.has("a"), code, message);
    await refused(store.findMany(["a", "b"]), code, message);
    await refused(store.set("a", utf8("x")), code, message);
    await refused(store.increment("a"), code, message);
    await refused(store.delete("a"), code, message);
    await refused(store.list(), code, message);
    await refused(store.clear(), code, message);
    await store.close();
  }
});

test("a service that is away is unavailable, and is used again when it is back", async () => {
  const options = fresh();
  const store = s3({ ...options, attempts: 2, timeout: 2000 });
  await store.set("a", utf8("x"));
  await store.increment("n");
  await service.stop();
  for (const work of [
    () => store.find("a"),
    () => store.has("a"),
    () => store.find("none"),
    () => store.set("a", utf8("y")),
    () => store.increment("n"),
    () => store.take("a"),
    () => store.list(),
    () => store.sweep(),
  ]) {
    await refused(work(), "unavailable");
  }
  await service.start();
  assert.equal(text(await store.find("a")), "x");
  assert.equal(await store.find("none"), undefined);
  assert.equal(await store.increment("n"), 2);
  await store.close();
});

test("writes that the service was killed under are there, once, if they were acknowledged", async () => {
  const options = fresh();
  const store = s3({ ...options, timeout: 60_000, attempts: 50 });
  await store.increment("n");
  const acknowledged = new Set<string>();
  let isOver = false;
  let counted = 1;
  const writing = Promise.all([
    (async () => {
      for (let index = 0; !isOver; index++) {
        await store.set(`key ${index}`, utf8(`${index}`));
        acknowledged.add(`${index}`);
      }
    })(),
    (async () => {
      while (!isOver) counted = await store.increment("n");
    })(),
  ]);
  for (let round = 0; round < 6; round++) {
    const before = acknowledged.size;
    await until(() => acknowledged.size >= before + 10);
    await service.stop();
    await service.start();
  }
  isOver = true;
  await writing;
  for (const each of acknowledged) assert.equal(text(await store.get(`key ${each}`)), each);
  assert.equal(text(await store.get("n")), `${counted}`);
  await store.close();
});
