import type { StoreErrorCode } from "../core/error.ts";

/** What a handler's answer has that is no stream: the parts that it consists of, for as long as nobody has looked into it. */
export const plainParts: unique symbol = Symbol.for("shelflife.plain") as never;

/** The parts of an answer that is no stream. */
export interface Plain {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | null;
}

/** Answers a request, and never rejects: what a handler is, and what the wrappers of this room take and return. */
export type Answer = (request: Request) => Promise<Response>;

/** Says the same as the handler about a request that is refused before it gets there: a problem document (RFC 9457). */
export function refuse(
  request: Request,
  status: number,
  code: StoreErrorCode,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = JSON.stringify({ title: code, status, detail, code });
  return new Response(request.method === "HEAD" ? null : body, {
    status,
    headers: {
      "content-type": "application/problem+json",
      "content-length": String(new TextEncoder().encode(body).length),
      // A remote takes only what is marked so for an answer of ours.
      shelflife: code,
      "cache-control": "no-store, no-transform",
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });
}

/** Whether an answer is a stream of events, which ends when its reader leaves. */
export function isEventStream(response: Response): boolean {
  // Not looked into if there is no need: that is what makes it costly.
  if (plainParts in response) return false;
  const { body, headers } = response;
  return !!body && !!headers.get("content-type")?.startsWith("text/event-stream");
}

/** Returns an answer with another body. */
export function withBody(response: Response, body: BodyInit | null, headers: Headers = response.headers): Response {
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}

/** Is told what becomes of a body that is sent. */
export interface Tap {
  /** So many bytes were sent. */
  passed?(bytes: number): void;
  /** All were, or the reader has left, or the source failed. Told once. */
  ended(): void;
}

/**
 * Returns an answer whose body is watched as it is read, and a function that ends the body as if there were no more of it.
 * The reader sets the pace, and when it leaves the source is left.
 */
export function tap(response: Response, { passed, ended }: Tap): readonly [response: Response, stop: () => void] {
  const reader = response.body!.getReader();
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let isOver = false;

  /** Returns whether it was not over before. */
  function end(): boolean {
    if (isOver) return false;
    isOver = true;
    ended();
    return true;
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => void (controller = given),
      async pull() {
        const { done, value } = await reader.read().catch((error: unknown) => {
          end();
          throw error;
        });
        if (isOver) return;
        if (done) {
          end();
          controller.close();
        } else {
          passed?.(value.length);
          controller.enqueue(value);
        }
      },
      cancel(reason) {
        end();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  function stop(): void {
    if (!end()) return;
    controller.close();
    // Nobody is left to be told that the source failed to end.
    reader.cancel().catch(() => {});
  }
  return [withBody(response, body), stop];
}
