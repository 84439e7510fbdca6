import { check } from "../core/error.ts";
import { callable, checkOptions } from "../core/options.ts";
import type { Answer } from "../http/server/answer.ts";
import { lengthOf } from "../http/server/body.ts";
import { codeOf, labelsOf } from "../http/server/labels.ts";
import { tap } from "../http/server/tap.ts";

/** Where a log goes. */
export interface LogOptions {
  /** Takes a line, without its end. What it throws is ignored: a full disk stops no request. */
  write(line: string): void;
  /** Returns the name of the holder that a request comes from, if it is known. Never a token. */
  holder?: ((request: Request) => string | undefined) | undefined;
  /** The clock: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
}

/** What a line says: one object of JSON for each request, when the last byte of its answer was sent. */
export interface LogLine {
  /** When the request came: ISO 8601. */
  readonly time: string;
  /** The request's own `X-Request-Id` if it has a short one, else a random one. The answer repeats it. */
  readonly id: string;
  /** `_OTHER` for one that nobody knows. */
  readonly method: string;
  /** The last segment of the path, if it is one of ours. */
  readonly resource?: string | undefined;
  readonly status: number;
  /** What came of it: "ok", or the code of an error. */
  readonly code?: string | undefined;
  /** How long it took until all was sent: ms. */
  readonly duration: number;
  /** The lengths of the bodies, as far as they are known: bytes. */
  readonly received?: number | undefined;
  readonly sent: number;
  readonly holder?: string | undefined;
  /** The trace that the request is part of (W3C Trace Context). */
  readonly trace?: string | undefined;
}

/**
 * Logs what is asked and answered, and nothing of keys, values or tokens. All that a client can put into a line is an id, a
 * trace, and lengths, each of a form that is checked.
 *
 * @example Writes a line for each request.
 * ```ts
 * import { memory } from "shelflife";
 * import { handler } from "shelflife/http/handler";
 * import { logRequests } from "shelflife/service/log";
 *
 * const lines: string[] = [];
 * const log = logRequests({ write: (line) => void lines.push(line) });
 * const answer = log(handler(memory(), { base: "/store" }));
 * await (await answer(new Request("https://app.example/store/entry?key=a"))).text();
 * const { method, status, code } = JSON.parse(lines[0]!);
 * console.log(method, status, code); // GET 404 not-found
 * ```
 */
export function logRequests(options: LogOptions): (next: Answer) => Answer {
  const {
    write,
    holder,
    now = () => Date.now(),
  } = checkOptions<LogOptions>("log", options, {
    write: { ...callable, required: true },
    holder: callable,
    now: callable,
  });

  function say(line: LogLine): void {
    try {
      write(JSON.stringify(line));
    } catch {
      // There is nowhere else to report it.
    }
  }

  return (next) => {
    check(typeof next === "function", "answer", "a function", next);
    return async (request) => {
      const start = now();
      const given = request.headers.get("x-request-id");
      const id = given !== null && /^[\w.-]{1,64}$/.test(given) ? given : crypto.randomUUID();
      const trace = /^[\da-f]{2}-([\da-f]{32})-/.exec(request.headers.get("traceparent") ?? "")?.[1];
      const response = await next(request);
      const code = codeOf(response);
      const line = {
        time: new Date(start).toISOString(),
        id,
        ...labelsOf(request),
        status: response.status,
        ...(code !== undefined && { code }),
        received: lengthOf(request.headers),
        holder: holder?.(request),
        trace,
      };
      const length = lengthOf(response.headers);
      if (!response.body || length !== undefined) {
        say({ ...line, duration: now() - start, sent: response.body ? length! : 0 });
        response.headers.set("x-request-id", id);
        return response;
      }
      let sent = 0;
      const [watched] = tap(response, {
        passed: (bytes) => (sent += bytes),
        ended: () => say({ ...line, duration: now() - start, sent }),
      });
      watched.headers.set("x-request-id", id);
      return watched;
    };
  };
}
