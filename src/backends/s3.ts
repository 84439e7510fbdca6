import type { CompleteBackend, Store } from "../core/contract.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { StoreError } from "../core/error.ts";
import { checkOptions } from "../core/options.ts";
import { createPending } from "../core/pending.ts";
import type { Factory } from "../core/registry.ts";
import { createAtomics } from "./s3/atomics.ts";
import { createBucket } from "./s3/bucket.ts";
import { readCredentials } from "./s3/credentials.ts";
import { createListing } from "./s3/listing.ts";
import { createNames } from "./s3/names.ts";
import type { S3Options } from "./s3/options.ts";
import { rulesFor } from "./s3/rules.ts";
import { createSend } from "./s3/send.ts";
import { sweep } from "./s3/sweep.ts";
import { createValues } from "./s3/values.ts";

export type { S3Options } from "./s3/options.ts";

declare module "../core/registry.ts" {
  interface Backends {
    s3: S3Options;
  }
}

/**
 * Returns a store in a bucket of S3, or of a service that speaks like it and shows a write to every reader and listing
 * at once. Any number of processes may share it. Atomic calls need a service that heeds `If-Match` and `If-None-Match`
 * of a PUT, which is found out when it first matters, and reject `unsupported` where it does not; one that others keep
 * outrunning rejects `conflict`, and so does one whose outcome nobody knows, because its answer was lost and others
 * have written since. A write of many is one request for each, and some may be written when it rejects. There is no
 * `watch`. Throws `bad-config`.
 *
 * A value is an object named `v/` and its key (each byte besides `A-Z a-z 0-9 _ - .` as `!` and two hex digits; of a
 * long one the beginning and a hash), as the bytes that it is, after which the deadline follows if there is one. Its
 * metadata hold the deadline too. What is to be swept is marked by an empty object below `e/`, which is named after its
 * time. Where the service heeds no `If-Match` of a DELETE, what was swept or taken leaves an object of 29 bytes in its
 * place, and a read leaves an expired value to the sweep.
 *
 * @example Names a bucket, which the first call reaches.
 * ```ts
 * import { s3 } from "shelflife/backends/s3";
 *
 * const store = s3({
 *   bucketName: "uploads",
 *   endpoint: "http://127.0.0.1:9000",
 *   region: "us-east-1",
 *   accessKeyId: "id",
 *   secretAccessKey: "secret",
 * });
 * console.log(store.isPersistent()); // true
 * await store.close();
 * ```
 */
export function s3(options: S3Options): Store {
  return s3Factory.build(s3Factory.valid(options)) as Store;
}

/**
 * The factory of {@link s3}, which a registry opens by a name.
 *
 * @example Adds the backend to a registry of your own.
 * ```ts
 * import { createRegistry } from "shelflife";
 * import { s3Factory } from "shelflife/backends/s3";
 *
 * const registry = createRegistry({ s3: s3Factory });
 * console.log(registry.methods()); // [ 's3' ]
 * ```
 */
export const s3Factory: Factory<S3Options> = {
  valid: (parameters) => checkOptions<S3Options>("s3", parameters, rulesFor(parameters)),
  build: (options) => createCompleteStore(s3Backend(options), options),
};

function s3Backend(options: S3Options): CompleteBackend {
  const names = createNames(options.prefix ?? "");
  const bucket = createBucket(createSend(options, readCredentials(options)), names);
  const values = createValues(bucket, names);
  const atomics = createAtomics(values, bucket, names);
  const listing = createListing(bucket, names);
  const swept = { values, bucket, names };
  const { track, settled } = createPending();
  const { get, set } = values;
  const { erase } = atomics;

  return {
    returnsCopies: true,
    isPersistent: () => true,
    get: (key, call) => track(get(key, call)),
    set: (key, entry, call) => track(set(key, entry, call)),
    delete: (key, call) => track(erase(key, call)),
    head: (key, call) => track(values.head(key, call)),
    mutate: (key, decide, call) => track(atomics.mutate(key, decide, call)),
    getMany: (keys, call) => track(Promise.all(keys.map((key) => get(key, call)))),
    setMany: (items, call) => track(Promise.all(items.map(([key, entry]) => set(key, entry, call))).then(() => {})),
    deleteMany: (keys, call) =>
      track(Promise.all(keys.map((key) => erase(key, call))).then((wereLive) => wereLive.filter(Boolean).length)),
    list: (page, call) => track(listing.list(page, call)),
    clear: ({ prefix }, call) => track(listing.clear(prefix, call)),
    sweep: (call) => track(sweep(swept, "", call)),
    sweepWithin: ({ prefix }, call) => track(sweep(swept, prefix, call)),
    watch() {
      throw new StoreError("unsupported", "Cannot watch a bucket: expected a backend that reports changes");
    },
    // Lets the calls before it finish.
    close: settled,
  };
}
