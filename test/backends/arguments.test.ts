import assert from "node:assert/strict";
import { test } from "vitest";
import { s3 } from "../../src/backends/s3.ts";
import { valkey } from "../../src/backends/valkey.ts";
import { StoreError } from "../../src/core/error.ts";

const odd: unknown[] = [null, 0, -1, 1.5, Number.NaN, Infinity, 1n, "", "\ud800", "x", true, Symbol("x"), [], [null], [Symbol("x")], {}, Object.create(null), new Date(Number.NaN), () => null, new Map(), /x/, new Uint8Array(1)]; // prettier-ignore

const backends = {
  valkey: {
    make: valkey,
    good: { url: "redis://localhost", timeout: 1, sweepInterval: Infinity },
    names: ["url", "cluster", "sentinel", "username", "password", "db", "tls", "client", "prefix", "timeout", "now", "sweepInterval", "other"], // prettier-ignore
  },
  s3: {
    make: s3,
    good: { bucketName: "bucket", accessKeyId: "a", secretAccessKey: "b", sweepInterval: Infinity },
    names: ["bucketName", "pathStyle", "endpoint", "region", "accessKeyId", "secretAccessKey", "sessionToken", "prefix", "timeout", "attempts", "fetch", "now", "sweepInterval", "other"], // prettier-ignore
  },
};
for (const [name, { make, good, names }] of Object.entries(backends)) {
  test(`whatever ${name} is made with, it is a store or refused in words`, async () => {
    const wrong: unknown[] = [undefined, ...odd];
    for (const option of names) for (const value of odd) wrong.push({ ...good, [option]: value });
    for (const value of odd) wrong.push({ ...good, url: undefined, sentinel: { masterName: "m", addr: value } }, { ...good, url: undefined, client: value }); // prettier-ignore
    for (const parameters of wrong) {
      try {
        await (make as (parameters: unknown) => ReturnType<typeof valkey>)(parameters).close();
      } catch (error) {
        assert.ok(error instanceof StoreError && error.code === "bad-config", `${name}: ${(error as Error).stack}`);
      }
    }
  });
}
