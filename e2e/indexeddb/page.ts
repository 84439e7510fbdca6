// A page with the tests' tools, which can also start the workers that have them.
import { shelf } from "./shelf.ts";

type Answer = { value?: unknown; error?: string };

function ask(
  target: { postMessage(message: unknown, transfer: Transferable[]): void },
  run: object,
  args: unknown[],
): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    port1.onmessage = ({ data }: MessageEvent<Answer>) =>
      data.error === undefined ? resolve(data.value) : reject(new Error(data.error));
    target.postMessage({ source: String(run), args }, [port2]);
  });
}

export const contexts = {
  /** Runs a function in a dedicated worker, which stays for the next one. */
  async inWorker(run: object, ...args: unknown[]): Promise<any> {
    kept.worker ??= new Worker("/e2e/indexeddb/worker.ts", { type: "module" });
    return ask(kept.worker, run, args);
  },
  /** Runs a function in the service worker. */
  async inServiceWorker(run: object, ...args: unknown[]): Promise<any> {
    await navigator.serviceWorker.register("/e2e/indexeddb/worker.ts", { type: "module", scope: "/e2e/indexeddb/" });
    const { active } = await navigator.serviceWorker.ready;
    return ask(active!, run, args);
  },
};

declare global {
  // eslint-disable-next-line no-var
  var contexts: typeof import("./page.ts").contexts;
}
Object.assign(globalThis, { shelf, contexts, kept: {} });
