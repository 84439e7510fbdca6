import assert from "node:assert/strict";
import { test } from "vitest";
import { json, memory, type Store } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";

/** A store that does something after its first read. */
function meddled(meddle: (bytes: Store) => unknown): { bytes: Store; view: Store<string> } {
  const bytes = memory();
  let isFirst = true;
  const find: Store["find"] = async (key, options) => {
    const found = await bytes.find(key, options);
    if (isFirst) await meddle(bytes);
    isFirst = false;
    return found;
  };
  return { bytes, view: json<string>({ ...bytes, find }) };
}

test("a take returns the value that it removes, also where another writer came in between", async () => {
  const { bytes, view } = meddled((bytes) => bytes.set("a", utf8('"new"')));
  await view.set("a", "old");
  assert.equal(await view.take("a"), "new");
  assert.equal(await bytes.has("a"), false);
});

test("a take whose signal aborts between its steps leaves the value", async () => {
  const stop = new AbortController();
  const { bytes, view } = meddled(() => stop.abort("enough"));
  await view.set("a", "kept");
  await assert.rejects(view.take("a", { signal: stop.signal }), (reason) => reason === "enough");
  assert.equal(text(await bytes.get("a")), '"kept"');
});

test("a caller that expects nothing does not write over what is there", async () => {
  const view = json<string>(memory());
  assert.deepEqual([await view.setIfAbsent("a", "one"), await view.setIfAbsent("a", "two"), await view.compareAndSet("a", undefined, "three")], [true, false, false]); // prettier-ignore
  assert.equal(await view.get("a"), "one");
});
