import { withBody } from "./body.ts";

/** Observes what becomes of a body that is sent. */
export interface Tap {
  /** So many bytes were sent. */
  passed?(bytes: number): void;
  /** All were, or the reader has left, or the source failed. Called once. */
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
    // Nobody is left to whom it matters that the source failed to end.
    reader.cancel().catch(() => {});
  }
  return [withBody(response, body), stop];
}
