/** All that the two ends of the wire have to agree on, and how the remote reads answers. */
export { alone, readResults, type Batch, type BatchCall, type BatchItem, type Found, type Results, type Tagged } from "./wire/batch.ts"; // prettier-ignore
export { readBytes } from "./wire/complete.ts";
export { heartbeat, readEvents, type EventSink, type Polled } from "./wire/events.ts";
export { frame, unframe } from "./wire/frame.ts";
export {
  idempotencyHeader as onceHeader,
  lastHeader,
  outcomeHeader,
  readRetryAfter,
  timeoutHeader,
  ttlHeader,
} from "./wire/headers.ts";
export { readJson } from "./wire/json.ts";
export { readPage, type Lines } from "./wire/page.ts";
export { readProblem, type Problem } from "./wire/problem.ts";
export type { Method, Resource } from "./wire/resource.ts";
export { keep } from "./wire/ttl.ts";
