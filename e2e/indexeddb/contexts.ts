// The workers that a page can start, which have the tests' tools as it has.
import { registerServiceWorker } from "../pages/serviceWorker.ts";

type Target = { postMessage(message: unknown, transfer: Transferable[]): void };
type Answer = { value?: unknown; error?: string };

const script = "/built/e2e/indexeddb/worker.ts";
let worker: Worker | undefined;

function ask(target: Target, run: object, args: unknown[]): Promise<any> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    port1.onmessage = ({ data }: MessageEvent<Answer>) =>
      data.error === undefined ? resolve(data.value) : reject(new Error(data.error));
    target.postMessage({ source: String(run), args }, [port2]);
  });
}

export const contexts = {
  /** Runs a function in a dedicated worker, which stays for the next one. */
  inWorker: (run: object, ...args: unknown[]): Promise<any> =>
    ask((worker ??= new Worker(script, { type: "module" })), run, args),
  /** Ends the dedicated worker, whatever it does. */
  endWorker(): void {
    worker?.terminate();
    worker = undefined;
  },
  /** Runs a function in the service worker. */
  async inServiceWorker(run: object, ...args: unknown[]): Promise<any> {
    const { worker } = await registerServiceWorker(script);
    return ask(worker, run, args);
  },
};
