import type { HandlerOptions, Scope } from "../../http/handler.ts";
import { jwt, type Claimed } from "../../service/jwt.ts";
import { metricsType } from "../../service/metrics.ts";
import { tokens } from "../../service/tokens.ts";
import type { Config } from "../config/config.ts";

type Answer = (request: Request) => Promise<Response>;

/** Decides which requests are admitted. */
export interface Admission {
  /** What the handler is given. */
  readonly options: Pick<HandlerOptions, "authorize">;
  /** The name of the holder whose token came with a request, once it was admitted. */
  holder(request: Request): string | undefined;
  /** Identifies the caller of a request before anything else counts it. */
  wrap(next: Answer): Answer;
  /** Answers /metrics to everyone, or to callers that may read everything. */
  guardMetrics(text: () => string, isPublic: boolean, next: Answer): Answer;
  close(): void;
}

/** What is known of a request. An issuer that cannot be asked is no fault of the request. */
interface Caller {
  readonly scope: boolean | Scope;
  readonly holder?: string | undefined;
  readonly failure?: unknown;
}

/** Returns what admits requests by tokens of a file, by JSON Web Tokens, by both or by neither. */
export async function createAdmission(config: Config, warn: (message: string) => void): Promise<Admission> {
  const file = config.tokens === undefined ? undefined : await tokens({ path: config.tokens, tell: warn });
  const checkJwt = config.jwt && jwt(config.jwt);
  const isOpen = !file && !checkJwt;
  const callers = new WeakMap<Request, Caller>();

  async function identify(request: Request): Promise<Caller> {
    const scope = file?.authorize(request) ?? false;
    if (scope) return { scope, holder: file?.holder(request) };
    try {
      const claimed = (await checkJwt?.(request)) ?? isOpen;
      return { scope: claimed, holder: (Object(claimed) as Claimed).holder };
    } catch (failure) {
      return { scope: false, failure };
    }
  }

  return {
    options: {
      authorize(request) {
        const { scope = false, failure } = callers.get(request) ?? {};
        if (failure !== undefined) throw failure;
        return scope;
      },
    },
    holder: (request) => callers.get(request)?.holder,
    wrap: (next) => async (request) => {
      callers.set(request, await identify(request));
      return next(request);
    },
    guardMetrics: (text, isPublic, next) => async (request) => {
      if (!/^[^?#]*\/metrics(?:[?#]|$)/.test(request.url)) return next(request);
      if (request.method !== "GET" && request.method !== "HEAD") {
        return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
      }
      if (!isPublic && !mayReadAll(callers.get(request)?.scope)) {
        return new Response(null, {
          status: 401,
          headers: { "www-authenticate": "Bearer", "cache-control": "no-store" },
        });
      }
      const headers = { "content-type": metricsType, "cache-control": "no-store" };
      return new Response(request.method === "HEAD" ? null : text(), { headers });
    },
    close: () => file?.close(),
  };
}

function mayReadAll(scope: boolean | Scope | undefined): boolean {
  if (typeof scope !== "object") return scope === true;
  return !scope.prefix && (scope.can?.includes("read") ?? true);
}
