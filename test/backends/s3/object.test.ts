import assert from "node:assert/strict";
import { test } from "vitest";
import * as fc from "fast-check";
import { metaHeader, readMeta, seal, unseal } from "../../../src/backends/s3/object.ts";
import { anyKey } from "../../support/anyKey.ts";
import { utf8 } from "../../support/bytes.ts";

test("different entries are different objects, and come back", async () => {
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.constantFrom("", "\nexpires-at=0000000000000005\n", "\nexpires-at=----------------\n").map(utf8),
  );
  const deadline = fc.oneof(fc.constantFrom(Infinity, 0, 5), fc.nat(8.64e15));
  const seen = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(value, deadline, fc.option(anyKey, { nil: undefined }), async (written, expiresAt, each) => {
      const { body, meta } = await seal({ value: written, expiresAt }, each);
      const read = readMeta(new Headers({ [metaHeader]: meta }))!;
      assert.equal(read.expiresAt, expiresAt);
      assert.equal(read.size, written.length);
      assert.equal(read.key, each);
      assert.ok(metaHeader.length - 11 + meta.length < 2048);
      const entry = `${expiresAt} ${written.join()}`;
      assert.equal(seen.get(body.join()) ?? entry, entry);
      seen.set(body.join(), entry);
      assert.deepEqual(new Uint8Array((await unseal(body, read))!), new Uint8Array(written));
      if (expiresAt === Infinity && written.length === 50) assert.deepEqual(body, new Uint8Array(written));
      if (body.length === 0) return;
      body[0]! ^= 1;
      assert.equal(await unseal(body, read), undefined);
    }),
    { numRuns: 500 },
  );
});
