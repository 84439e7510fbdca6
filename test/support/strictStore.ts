import assert from "node:assert/strict";
import { s3, type S3Options } from "../../src/backends/s3.ts";
import type { Store } from "../../src/core/contract.ts";
import type { StoreErrorCode } from "../../src/core/error.ts";
import { refused } from "./refused.ts";
import { strictCredentials, type StrictS3 } from "./strictS3.ts";

/** Where a store in a strict bucket takes the service to be. */
export const endpoint = "http://s3.test";

type Send = (request: Request) => Promise<Response>;
/** What a request meets on its way: it answers by itself, or sends the request on. */
export type Between = (request: Request, send: Send, count: number) => Response | Promise<Response>;

/** Opens a store in a strict bucket, with something between the two. */
export function open(bucket: StrictS3, between?: Between, options: Partial<S3Options> = {}): Store {
  let count = 0;
  return s3({
    bucketName: "bucket",
    endpoint,
    ...strictCredentials,
    fetch: async (url, init) => {
      const request = new Request(url, init);
      return between ? between(request, bucket.fetch, count++) : bucket.fetch(request);
    },
    ...options,
  });
}

/** Whether a request is about the object of a value. */
export const isValue = (request: Request): boolean => new URL(request.url).pathname.includes("/v/");

/** Lets something happen to the first requests of that method about a value. */
export function first(method: string, fault: Between, times = 1): Between {
  let left = times;
  return (request, send, count) =>
    request.method === method && isValue(request) && left-- > 0 ? fault(request, send, count) : send(request);
}

/** Awaits that work is refused with a code, by an error that keeps the secret. */
export async function rejects(work: Promise<unknown>, code: StoreErrorCode, message?: RegExp): Promise<void> {
  for (let each: unknown = await refused(work, code, message); each instanceof Error; each = each.cause) {
    assert.ok(!`${each.message}${each.stack}`.includes(strictCredentials.secretAccessKey));
  }
}
