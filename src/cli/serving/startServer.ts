import type { Store } from "../../core/contract.ts";
import { isStoreError, StoreError } from "../../core/error.ts";
import type { Registry } from "../../core/registry.ts";
import { handler } from "../../http/handler.ts";
import { compress } from "../../service/compress.ts";
import { health } from "../../service/health.ts";
import { limitRate, limitStreams } from "../../service/limits.ts";
import { listen } from "../../service/listen.ts";
import { logRequests } from "../../service/log.ts";
import { createMetrics } from "../../service/metrics.ts";
import type { Config } from "../config/config.ts";
import { closeStore, openStore } from "../store.ts";
import { limits as timeLimits, within } from "../within.ts";
import { createAdmission } from "./admission.ts";
import type { Journal } from "./journal.ts";

/** A server that runs. */
export interface Server {
  readonly url: string;
  /** Ends streams, finishes what has begun, and gives the stores back. */
  close(): Promise<void>;
}

type Answer = (request: Request) => Promise<Response>;
type Wrapper = (next: Answer) => Answer;

/** Starts what a configuration describes. Rejects when a store cannot be used, or the address. */
export async function startServer(config: Config, registry: Registry, journal: Journal): Promise<Server> {
  const { listen: where = {}, limits = {}, metrics: isMeasured = true, log } = config;
  const stores: Store[] = [];

  async function open(given: NonNullable<Config["store"]>): Promise<Store> {
    const store = await openStore(given, registry);
    stores.push(store);
    // A store that cannot be used fails the start, while a person watches.
    await within(store.has("ready"), timeLimits.open, (time) => {
      const expected = `expected an answer ${time}`;
      return new StoreError("unavailable", `Cannot use store ${JSON.stringify(given.backend)}: ${expected}`);
    });
    return store;
  }

  try {
    const store = await open(config.store!);
    const requests = config.requests && (await open(config.requests));
    const admission = await createAdmission(config, (message) => journal.say("warn", "tokens", { message }));
    const metrics = createMetrics();
    const { answer: answerHealth, drain } = health(store);
    const { maxBytes, maxItems, maxStreams, resumeWithin } = limits;
    const handle = handler(isMeasured ? metrics.watchStore(store) : store, {
      ...admission.options,
      ...defined({
        cors: config.cors,
        base: config.base,
        requests,
        history: config.history,
        maxBytes,
        maxItems,
        maxStreams,
        resumeWithin,
      }),
      onError: (error, request) => journal.say("error", "failed", describeError(error, request)),
    });

    const { requestsPerSecond, burst, maxStreamsPerHolder } = limits;
    const by = (request: Request): string => admission.holder(request) ?? "strangers";
    const wrappers: (Wrapper | false | undefined)[] = [
      config.compress && ((next) => compress(next)),
      maxStreamsPerHolder !== undefined && limitStreams({ perHolder: maxStreamsPerHolder, by }),
      requestsPerSecond !== undefined && limitRate({ perSecond: requestsPerSecond, burst, by }),
      !!isMeasured && ((next) => admission.guardMetrics(() => metrics.text(), config.metrics === "public", next)),
      admission.wrap,
      !!isMeasured && metrics.wrap,
      log?.requests !== false && logRequests({ write: journal.request, holder: admission.holder }),
    ];
    const answer = wrappers.reduce<Answer>((next, wrap) => (wrap ? wrap(next) : next), handle);

    const { headerTimeout, requestTimeout, idleTimeout, maxConnections, maxHeaderBytes } = limits;
    const server = await listen({
      answer: (request) => answerHealth(request) ?? answer(request),
      host: where.host ?? "127.0.0.1",
      port: where.port ?? 8787,
      ...defined({
        hosts: where.hosts,
        tls: where.tls,
        headerTimeout,
        requestTimeout,
        idleTimeout,
        maxConnections,
        maxHeaderBytes,
      }),
      onError: (error) => journal.say("error", "failed", describeError(error)),
    });
    return {
      url: server.url,
      async close() {
        drain();
        await server.close({ grace: where.grace });
        admission.close();
        await closeAll(stores);
      },
    };
  } catch (error) {
    await closeAll(stores);
    throw error;
  }
}

async function closeAll(stores: readonly Store[]): Promise<void> {
  for (const store of stores) await closeStore(store);
}

function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** What a log may say of a failure: not the key that it was about. */
function describeError(error: unknown, request?: Request): Record<string, unknown> {
  const { message = String(error), cause } = (error ?? {}) as Partial<Error>;
  const keys = [
    (error as Partial<StoreError> | undefined)?.key,
    request && new URL(request.url).searchParams.get("key"),
  ];
  const hide = (text: string): string => {
    for (const key of keys) if (key) text = text.replaceAll(JSON.stringify(key), "…").replaceAll(key, "…");
    return text.slice(0, 300);
  };
  return {
    code: isStoreError(error) ? error.code : "failed",
    message: hide(message),
    ...(cause !== undefined && { cause: hide((cause as Partial<Error>)?.message ?? String(cause)) }),
  };
}
