import type { StoreOptions } from "../../core/options.ts";

/** Where an S3 store keeps its values. */
export interface S3Options extends StoreOptions {
  /** The bucket, which exists. */
  bucketName: string;
  /** Whether the bucket is named in the path of a URL, and not in its host. @default true with an `endpoint`, or a dot in the name */
  pathStyle?: boolean | undefined;
  /** Where the service is: an http or https URL. @default AWS, in the region */
  endpoint?: string | undefined;
  /** @default AWS_REGION or AWS_DEFAULT_REGION of the environment, or "us-east-1" */
  region?: string | undefined;
  /** @default AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment */
  accessKeyId?: string | undefined;
  /** Goes with the `accessKeyId`. */
  secretAccessKey?: string | undefined;
  /** Goes with temporary keys. @default none */
  sessionToken?: string | undefined;
  /** What the names of all objects begin with. Stores whose prefixes do not begin with one another share a bucket. @default "" */
  prefix?: string | undefined;
  /** How long a request may take, repetitions included: ms. @default 30_000 */
  timeout?: number | undefined;
  /** How often a request is sent at most. @default 4 */
  attempts?: number | undefined;
  /** What sends a request in place of the platform's own. @default globalThis.fetch */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
}
