import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "vitest";
import { valkey, type ValkeyOptions } from "../../src/backends/valkey.ts";
import type { Change, Store } from "../../src/core/contract.ts";
import { isStoreError } from "../../src/core/error.ts";
import { cert, key } from "../support/certificate.ts";
import { freePort } from "../support/freePort.ts";
import { showChange } from "../support/showChange.ts";
import { until } from "../support/until.ts";
import { startValkey, type ValkeyServer } from "../support/valkey.ts";
import { startCluster } from "../support/valkeyCluster.ts";
import { startSentinel } from "../support/valkeySentinel.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value);

/** Opens a store for a test, which closes it. */
function open(t: TestContext, options: ValkeyOptions): Store {
  const store = valkey(options);
  t.onTestFinished(() => store.close());
  return store;
}

async function start(t: TestContext, ...options: Parameters<typeof startValkey>): Promise<ValkeyServer> {
  const server = await startValkey(...options);
  t.onTestFinished(() => server.stop());
  return server;
}

/** Opens a store that gives up on a server soon, and has a connection. What has to be done is done by one that waits longer. */
async function openImpatient(t: TestContext, options: ValkeyOptions): Promise<Store> {
  const store = open(t, { ...options, timeout: 500 });
  await until(() => store.has("key").then(() => true, () => false)); // prettier-ignore
  return store;
}

/** Asserts that a call does not wait for a server for ever. How long exactly, test/backends/valkey/timeout.test.ts proves. */
async function isUnavailable(call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error: unknown) => isStoreError(error, "unavailable"));
}

test.concurrent("a server that is not there is unavailable to every call, within the time out", async (t) => {
  const port = await freePort();
  for (const options of [{ url: `redis://127.0.0.1:${port}` }, { url: [`redis://127.0.0.1:${port}`], cluster: true }]) {
    const store = open(t, { ...options, timeout: 300 });
    for (const call of [
      () => store.get("key"),
      () => store.set("key", bytes("x")),
      () => store.findMany(["key"]),
      () => store.increment("key"),
      () => store.list(),
      () => store.sweep(),
      () => store.watch().next(),
    ]) {
      await isUnavailable(call);
    }
  }
});

test.concurrent("a server that takes connections and answers nothing is unavailable, and is there again when it answers", async (t) => {
  const server = await start(t);
  await open(t, { url: server.url }).set("key", bytes("x"));
  const store = await openImpatient(t, { url: server.url });
  server.pause();
  try {
    await isUnavailable(() => store.get("key"));
    await isUnavailable(() => store.set("key", bytes("y")));
  } finally {
    server.resume();
  }
  await until(() => store.has("key").catch(() => false));
});

test.concurrent("a server that was killed is unavailable, and all that it acknowledged is there when it is back", async (t) => {
  const server = await start(t);
  const store = open(t, { url: server.url });
  const impatient = await openImpatient(t, { url: server.url });
  const watch = store.watch();
  const keys: string[] = [];
  for (let number = 0; number < 100; number++) {
    await store.set(`key ${number}`, bytes(String(number)));
    keys.push(`key ${number}`);
  }
  const under = Promise.allSettled(Array.from({ length: 50 }, (_, number) => store.set(`late ${number}`, bytes("x"))));
  await server.kill();
  for (const [number, { status }] of (await under).entries()) {
    if (status === "fulfilled") keys.push(`late ${number}`);
  }
  await isUnavailable(() => impatient.get("key 1"));
  await isUnavailable(() => impatient.set("key 1", bytes("x")));
  const next = async (): Promise<string> => showChange(((await watch.next()) as IteratorYieldResult<Change>).value);
  while ((await next()) !== "resync");
  await server.restart();
  for (const each of [impatient, store]) await until(() => each.has("key 1").catch(() => false));
  const found = await store.findMany(keys);
  assert.deepEqual(
    keys.filter((_, index) => !found[index]),
    [],
  );
  assert.equal(await next(), "resync", "when the watch is back");
  await store.set("again", bytes("x"));
  assert.equal(await next(), "set again");
  await watch.return!();
});

test.concurrent("a full server is quota-exceeded, loses nothing, and takes values again when some went", async (t) => {
  const server = await start(t, { config: ["maxmemory 6mb", "maxmemory-policy noeviction"] });
  const store = open(t, { url: server.url });
  const value = new Uint8Array(256 * 1024).fill(7);
  let written = 0;
  await assert.rejects(
    async () => {
      for (; written < 100; written++) await store.set(`key ${written}`, value);
    },
    (error: unknown) => isStoreError(error, "quota-exceeded") && /key/.test(error.message),
  );
  assert.ok(written > 3, String(written));
  for (const call of [
    () => store.setMany([["a", value], ["b", value]]), // prettier-ignore
    () => store.setIfAbsent("c", value),
  ]) {
    await assert.rejects(call, (error: unknown) => isStoreError(error, "quota-exceeded"));
  }
  assert.deepEqual(await store.findMany(["a", "b", "c"]), [undefined, undefined, undefined]);
  const kept = await store.findMany(Array.from({ length: written }, (_, number) => `key ${number}`));
  assert.ok(kept.every((each) => each?.length === value.length && each[0] === 7));
  await store.deleteMany(["key 0", "key 1", "key 2"]);
  await until(() => store.set("key 0", value).then(() => true, () => false)); // prettier-ignore
});

test.concurrent("by TLS a certificate that is not known is refused, and one that is makes a store", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "shelflife-tls-"));
  t.onTestFinished(() => rm(folder, { recursive: true }));
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)]);
  const server = await start(t, {
    scheme: "rediss",
    listen: (port) => `tls-port ${port}\nport 0`,
    config: [`tls-cert-file ${certFile}`, `tls-key-file ${keyFile}`, `tls-ca-cert-file ${certFile}`, "tls-auth-clients no", "requirepass secret-word"], // prettier-ignore
  });
  const strange = open(t, { url: server.url, password: "secret-word", timeout: 500 });
  await isUnavailable(() => strange.get("key"));
  const store = open(t, { url: server.url, password: "secret-word", tls: { ca: cert } });
  await store.set("key", bytes("x"));
  assert.equal(text(await store.get("key")), "x");
  const unknown = open(t, { url: server.url, password: "wrong-word", tls: { ca: cert }, timeout: 5000 });
  await assert.rejects(unknown.get("key"), (error: unknown) => {
    return isStoreError(error, "unauthorized") && !/word/.test(error.message);
  });
});

test.concurrent("the server that sentinels name is used, and after it died the one that they name then", async (t) => {
  const watched = await startSentinel();
  t.onTestFinished(() => watched.stop());
  const sentinel = { masterName: watched.masterName, addr: watched.urls };
  const store = open(t, { sentinel });
  const impatient = await openImpatient(t, { sentinel });
  await store.set("key", bytes("before"));
  const first = await watched.master();
  const second = watched.nodes.find((node) => node !== first)!;
  await until(async () => (await second.cli("get", "key")) === "before");
  await first.kill();
  await isUnavailable(() => impatient.set("key", bytes("lost")));
  await watched.replace(first);
  await until(() => store.set("key", bytes("after")).then(() => true, () => false)); // prettier-ignore
  assert.equal((await watched.master()).port, second.port);
  assert.equal(await second.cli("get", "key"), "after");
  assert.equal(text(await store.get("key")), "after");
  await until(async () => text(await impatient.get("key").catch(() => undefined)) === "after");
});

test.concurrent("a cluster's node dies under load: nothing is lost that its replica had, and writing goes on", async (t) => {
  const cluster = await startCluster({ replicas: 1 });
  t.onTestFinished(() => cluster.stop());
  const store = open(t, { url: cluster.urls, cluster: true, timeout: 1000 });
  const acknowledged: string[] = [];
  let isOver = false;
  let refusals = 0;
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let number = 0; !isOver;) {
      const name = `writer ${writer}: ${number}`;
      try {
        await store.set(name, bytes(name));
        acknowledged.push(name);
        number++;
      } catch (error) {
        assert.ok(isStoreError(error, "unavailable"), String(error));
        refusals++;
      }
    }
  });
  const stopped = Promise.all(writers);
  stopped.catch(() => {});
  try {
    await until(() => acknowledged.length > 2000);
    const infos = await Promise.all(cluster.nodes.map((node) => node.cli("info", "replication")));
    const victim = cluster.nodes[infos.findIndex((info) => info.includes("role:master"))]!;
    // What the engine has confirmed: what was acknowledged before the replica had as much as the server.
    const confirmed = acknowledged.length;
    const sent = Number(/master_repl_offset:(\d+)/.exec(await victim.cli("info", "replication"))![1]);
    await until(async () => {
      return Number(/offset=(\d+)/.exec(await victim.cli("info", "replication"))?.[1]) >= sent;
    });
    await victim.kill();
    const killed = acknowledged.length;
    // Each has come upon the node that is dead.
    await until(() => refusals >= writers.length);
    await cluster.replace(victim);
    await until(() => acknowledged.length > killed + 3000);
    isOver = true;
    await stopped;
    const reader = open(t, { url: cluster.urls, cluster: true });
    const found: (Uint8Array | undefined)[] = [];
    for (let at = 0; at < acknowledged.length; at += 500) found.push(...(await reader.findMany(acknowledged.slice(at, at + 500)))); // prettier-ignore
    const lost = acknowledged.filter((name, index) => text(found[index]) !== name && (index < confirmed || index >= killed)); // prettier-ignore
    assert.deepEqual(lost, []);
  } finally {
    isOver = true;
  }
});
