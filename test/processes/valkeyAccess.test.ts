// What users of a server may not do, by its own access control.
import assert from "node:assert/strict";
import { test } from "vitest";
import type { Store } from "../../src/core/contract.ts";
import { isStoreError } from "../../src/core/error.ts";
import { text, utf8 } from "../support/bytes.ts";
import { valkeyPlaces, type Where } from "../support/valkeyPlaces.ts";

const valkeys = valkeyPlaces();

/** Lets a user in at all servers, with these rules and the password "word". */
async function admit(username: string, ...rules: string[]): Promise<void> {
  for (const node of [valkeys.server, ...valkeys.cluster.nodes])
    await node.cli("acl", "setuser", username, "on", ">word", ...rules);
}

function open(where: Where, username?: string, prefix = "app/"): Store {
  return valkeys.open(where, {
    prefix,
    sweepInterval: Infinity,
    ...(username && { username, password: "word" }),
  });
}

for (const where of ["valkey", "valkey cluster"] as const) {
  test(`a user that may not publish is refused at the first change, and nothing is changed: ${where}`, async () => {
    await admit("mute", "~*", "+@all", "resetchannels");
    const [owner, store] = [open(where), open(where, "mute")];
    await owner.setMany([
      ["a", utf8("1")],
      ["b", utf8("1"), { ttl: 1_000_000 }],
    ]);
    assert.equal(text(await store.find("a")), "1");
    for (const change of [
      () => store.set("a", utf8("2")),
      () => store.set("new", utf8("2"), { ttl: 1000 }),
      () => store.setMany([["a", utf8("2")], ["b", utf8("2")]]), // prettier-ignore
      () => store.setIfAbsent("new", utf8("2")),
      () => store.compareAndSet("a", utf8("1"), utf8("2")),
      () => store.update("a", () => utf8("2")),
      () => store.increment("a"),
      () => store.touch("b", { ttl: 1000 }),
      () => store.take("a"),
      () => store.delete("a"),
      () => store.deleteMany(["a", "b"]),
      () => store.clear(),
    ]) {
      await assert.rejects(change, (error: unknown) => {
        assert.ok(isStoreError(error, "bad-config"), `${change} ${String(error)}`);
        return /expected a user who may publish/.test(error.message);
      });
    }
    const { entries } = await owner.list();
    assert.deepEqual(entries.map(({ key }) => key), ["a", "b"]); // prettier-ignore
    assert.deepEqual((await owner.findMany(["a", "b"])).map((value) => text(value)), ["1", "1"]); // prettier-ignore
    assert.ok((await owner.entry("b"))!.expiresAt > Date.now() + 100_000);
  });

  test(`a user that may not publish any more is refused at the next change: ${where}`, async () => {
    await admit("fallen", "~*", "+@all", "allchannels");
    const store = open(where, "fallen");
    const changes = [
      () => store.set("key", utf8("1")),
      () => store.increment("n"),
      () => store.set("key", utf8("1"), { ttl: 1_000_000 }),
    ];
    for (const change of changes) await change();
    await admit("fallen", "resetchannels");
    for (const change of changes) {
      await assert.rejects(
        change,
        (error: unknown) => isStoreError(error, "unavailable") || isStoreError(error, "bad-config"),
        String(change),
      );
    }
  });

  test(`what the access control forbids is unauthorized, also within a script: ${where}`, async () => {
    await admit("reader", "~*", "+@all", "-zadd", "allchannels");
    const store = open(where, "reader");
    await assert.rejects(store.set("key", utf8("1"), { ttl: 1000 }), (error: unknown) =>
      isStoreError(error, "unauthorized"),
    );
  });
}
