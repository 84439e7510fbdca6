import assert from "node:assert/strict";
import { test } from "vitest";
import type { Feature, Subject } from "../../../src/testing/case.ts";
import { cases } from "../../../src/testing/cases.ts";
import { casesFor, prove } from "../../../src/testing/prove.ts";
import { utf8 } from "../../support/bytes.ts";
import { strictS3, type StrictOptions, type StrictS3 } from "../../support/strictS3.ts";
import { open, rejects } from "../../support/strictStore.ts";

const can: readonly Feature[] = ["atomic", "list", "sweep", "bytes", "shared", "persistent"];

function subject(name: string, options: StrictOptions): Subject {
  const media = new Map<string, StrictS3>();
  return {
    name,
    can,
    rounds: 20,
    open(medium, each) {
      if (!media.has(medium)) media.set(medium, strictS3(options));
      return open(media.get(medium)!, undefined, each);
    },
  };
}

// All the Cases run on a service that heeds both, on every runtime, and on a real one, in steps of their own. Here are those
// in which it matters that a DELETE heeds no condition.
const heedless = subject("s3 where a DELETE heeds no condition", { deletesIf: false });
for (const each of casesFor(cases, heedless)) {
  const { name, needs } = each;
  if (needs?.includes("atomic") || needs?.includes("sweep"))
    test(`${heedless.name}: ${name}`, () => prove(each, heedless));
}

test("a watch is refused", async () => {
  await rejects(open(strictS3()).watch().next(), "unsupported");
});

test("each call costs what it says", async () => {
  const bucket = strictS3();
  const store = open(bucket);
  await store.increment("warm");
  const cost = async (work: () => Promise<unknown>): Promise<string> => {
    bucket.requests.length = 0;
    await work();
    return bucket.requests.map((each) => each.split(" ")[0]).join(" ");
  };
  assert.equal(await cost(() => store.set("a", utf8("x"))), "PUT");
  assert.equal(await cost(() => store.set("b", utf8("x"), { ttl: 60_000 })), "PUT PUT");
  assert.equal(await cost(() => store.get("a")), "GET");
  assert.equal(await cost(() => store.find("none")), "GET");
  assert.equal(await cost(() => store.has("a")), "HEAD");
  assert.equal(await cost(() => store.has("none")), "HEAD GET");
  assert.equal(await cost(() => store.increment("n")), "GET PUT");
  assert.equal(await cost(() => store.update("b", (value) => value)), "GET PUT");
  assert.equal(await cost(() => store.take("a")), "GET DELETE");
  assert.equal(await cost(() => store.delete("b")), "HEAD DELETE");
});
