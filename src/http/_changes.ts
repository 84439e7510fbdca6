import type { Change, Store } from "../core/contract.ts";
import { heartbeat, writeEvent } from "./wire.ts";

// A client that takes nothing off its stream for so many heartbeats is gone, or will never catch up.
const patience = 3;

/**
 * Resolves with a stream of a store's changes once the store tells them, and rejects when it refuses to. The stream ends
 * with the store and breaks with the watch; the watch ends when nobody reads the stream any more.
 */
export async function streamChanges(
  store: Store,
  prefix: string | undefined,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const changes = store.watch({ prefix });
  let next: Promise<IteratorResult<Change>> | undefined = changes.next();
  // What is asked of a store after a watch waits until that has begun; a refusal is told a moment later, by the watch.
  const begun = store.findMany([]).then(
    () => new Promise((resolve) => setTimeout(resolve, 0)),
    () => next,
  );
  await Promise.race([next, begun]);

  let timer: ReturnType<typeof setInterval>;
  let silences = 0;
  const end = (): void => {
    clearInterval(timer);
    // One that has failed says so again.
    changes.return!().catch(() => {});
  };
  const fail = (controller: ReadableStreamDefaultController, error: unknown): void => {
    end();
    controller.error(error);
  };
  // That the client left is told by cancelling the stream, in every runtime; its signal aborts in some of them whenever an
  // answer is complete.
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      timer = setInterval(() => {
        silences = controller.desiredSize! > 0 ? 0 : silences + 1;
        if (silences === 0) controller.enqueue(writeEvent());
        else if (silences >= patience) fail(controller, new Error("Nobody reads the changes"));
      }, heartbeat);
      // The connection keeps a process alive, and where there is none nothing should.
      (timer as { unref?(): void }).unref?.();
      controller.enqueue(writeEvent());
    },
    async pull(controller) {
      try {
        const { done, value } = await (next ?? changes.next());
        next = undefined;
        if (!done) return controller.enqueue(writeEvent(value));
        end();
        controller.close();
      } catch (error) {
        fail(controller, error);
      }
    },
    cancel: end,
  });
}
