import type { Store } from "../core/contract.ts";
import { disposable } from "../core/disposable.ts";
import { check, isStoreError } from "../core/error.ts";
import { readerOf } from "../core/readerOf.ts";
import { lendBy } from "../core/lending.ts";
import { callable, checkOptions } from "../core/options.ts";
import { sweeperOf } from "../core/sweeperOf.ts";
import { isEventStream, type Answer } from "../http/server/answer.ts";
import { lengthOf } from "../http/server/body.ts";
import { codeOf, labelsOf } from "../http/server/labels.ts";
import { tap } from "../http/server/tap.ts";
import { createCounter, createHistogram } from "./metrics/meter.ts";

/**
 * The media type of what {@link Metrics.text} returns.
 *
 * @example Answers a scrape.
 * ```ts
 * import { createMetrics, metricsType } from "shelflife/service/metrics";
 *
 * const response = new Response(createMetrics().text(), { headers: { "content-type": metricsType } });
 * console.log(response.headers.get("content-type")); // text/plain; version=0.0.4; charset=utf-8
 * ```
 */
export const metricsType = "text/plain; version=0.0.4; charset=utf-8";

/** How figures are taken. */
export interface MetricsOptions {
  /** The clock: ms. @default performance.now */
  now?: (() => number) | undefined;
}

/** Figures about what is served. */
export interface Metrics {
  /** Returns an answer that is counted and timed. */
  wrap(next: Answer): Answer;
  /** Returns a store whose calls are counted and timed. */
  watchStore(store: Store): Store;
  /** Returns all figures in the text format of Prometheus. */
  text(): string;
}

// As OpenTelemetry advises: seconds, and bytes.
const seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const storeSeconds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const sizes = [0, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];

// What a store does and is over at some time. The rest are iterators, whose time is their reader's.
const operations = [
  "get",
  "find",
  "has",
  "entry",
  "set",
  "delete",
  "findMany",
  "setMany",
  "deleteMany",
  "compareAndSet",
  "setIfAbsent",
  "take",
  "increment",
  "update",
  "touch",
  "list",
  "clear",
  "sweep",
] as const satisfies (keyof Store)[];

/**
 * Returns figures under the names of OpenTelemetry's conventions as Prometheus spells them, and some of our own. Their
 * labels come from short lists: no key, token or name of a holder is among them, so there are never many.
 *
 * @example Counts the calls of a store.
 * ```ts
 * import { memory } from "shelflife";
 * import { createMetrics } from "shelflife/service/metrics";
 *
 * const metrics = createMetrics();
 * const store = metrics.watchStore(memory());
 * await store.has("a");
 * console.log(metrics.text().includes("shelflife")); // true
 * await store.close();
 * ```
 */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const { now = () => performance.now() } = checkOptions<MetricsOptions>("metrics", options, { now: callable });
  const duration = createHistogram(
    "http_server_request_duration_seconds",
    "From a request to its answer, for a stream of events to its beginning.",
    seconds,
  );
  const requestSize = createHistogram("http_server_request_body_size_bytes", "Bodies that were announced.", sizes);
  const responseSize = createHistogram("http_server_response_body_size_bytes", "Bodies but those of streams.", sizes);
  const active = createCounter("http_server_active_requests", "Requests without an answer yet.", "gauge");
  const streams = createCounter("shelflife_open_streams", "Streams of events that are open.", "gauge");
  const errors = createCounter("shelflife_errors_total", "Answers with an error, by the store's code.");
  const calls = createHistogram(
    "db_client_operation_duration_seconds",
    "Calls of the store, by name and the code of an error.",
    storeSeconds,
  );
  const meters = [duration, requestSize, responseSize, active, streams, errors, calls];

  /** Notes one answer. */
  function note(request: Request, response: Response, start: number): void {
    const { method, resource } = labelsOf(request);
    const { status, headers } = response;
    const code = codeOf(response);
    const labels = {
      ...(status >= 500 && { error_type: status }),
      http_request_method: method,
      http_response_status_code: status,
      http_route: resource && `/${resource}`,
    };
    duration.record(labels, (now() - start) / 1000);
    requestSize.record({ http_request_method: method }, lengthOf(request.headers) ?? 0);
    const length = response.body ? lengthOf(headers) : 0;
    if (length !== undefined) responseSize.record({ http_request_method: method }, length);
    if (status >= 400 && code !== undefined) errors.add({ code });
  }

  /** Returns a call of the store that is counted and timed. */
  function watchCall<F extends (...args: any[]) => Promise<unknown>>(name: string, call: F): F {
    const labels = { db_operation_name: name };
    return ((...args) => {
      const start = now();
      const result = call(...args);
      result.then(
        () => calls.record(labels, (now() - start) / 1000),
        (error: unknown) => {
          const type = isStoreError(error) ? error.code : "_OTHER";
          calls.record({ ...labels, error_type: type }, (now() - start) / 1000);
        },
      );
      return result;
    }) as F;
  }

  function watchStore(store: Store): Store {
    check(typeof store?.close === "function", "store", "a store", store);
    const watched: Store = { ...store };
    for (const name of operations) Object.assign(watched, { [name]: watchCall(name, store[name]) });
    // A sweep of a part of the store is one, too, and so is a read of many entries.
    const sweep = sweeperOf(store);
    if (sweep) lendBy(watched, "sweep", watchCall("sweep", sweep));
    const read = readerOf(store);
    if (read) lendBy(watched, "entry", watchCall("findMany", read));
    return disposable(watched);
  }

  function wrap(next: Answer): Answer {
    check(typeof next === "function", "answer", "a function", next);
    return async (request) => {
      const start = now();
      const labels = { http_request_method: labelsOf(request).method };
      active.add(labels);
      try {
        const response = await next(request);
        note(request, response, start);
        if (!isEventStream(response)) return response;
        streams.add({});
        return tap(response, { ended: () => streams.add({}, -1) })[0];
      } finally {
        active.add(labels, -1);
      }
    };
  }

  return {
    wrap,
    watchStore,
    text() {
      const lines: string[] = [];
      for (const meter of meters) meter.write(lines);
      return `${lines.join("\n")}\n`;
    },
  };
}
