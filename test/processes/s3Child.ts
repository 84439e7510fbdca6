// A process of its own that does with a store in a bucket what it is asked to, line by line: [number, name of the call, ...arguments].
import { s3, type S3Options } from "../../src/backends/s3.ts";
import type { Store } from "../../src/core/contract.ts";
import { cases } from "../../src/testing/cases.ts";
import { proveAll } from "../../src/testing/prove.ts";
import type { Subject } from "../../src/testing/case.ts";
import { answerCalls } from "../support/childCalls.ts";

let store: Store;

const calls = {
  open(options: S3Options) {
    store = s3(options);
  },
  /** Proves the Cases on a bucket, and answers how many there were and what is wrong. */
  async prove(options: S3Options, rounds: number) {
    const subject: Subject = {
      name: "s3",
      can: ["atomic", "list", "sweep", "bytes", "shared", "persistent"],
      rounds,
      open: (medium, each) => s3({ ...options, ...each, prefix: `${medium}/` }),
    };
    const results = await proveAll(cases, subject);
    const failed = results.filter(({ error }) => error !== undefined);
    return { count: results.length, failed: failed.map(({ name, error }) => `${name}: ${String(error)}`) };
  },
  async increment(key: string, times: number) {
    for (let index = 0; index < times; index++) await store.increment(key);
  },
  /** Takes all that it can get of so many values, and answers which. */
  async take(count: number) {
    const taken: string[] = [];
    for (let index = 0; index < count; index++) {
      if (await store.take(`job ${index}`)) taken.push(`job ${index}`);
    }
    return taken;
  },
  /** Lists the keys with a prefix. */
  async keys(prefix: string) {
    const keys: string[] = [];
    for await (const key of store.keys({ prefix })) keys.push(key);
    return keys;
  },
  close: () => store.close(),
};

await answerCalls(calls);
