// A worker, dedicated or of service, that runs what it is sent.
import { shelf } from "./shelf.ts";

Object.assign(globalThis, { shelf, kept: {} });

addEventListener("message", (event) => {
  const { data, ports } = event as MessageEvent<{ source: string; args: unknown[] }>;
  const done = shelf.answer(data.source, data.args, ports[0]!);
  // Keeps a service worker awake.
  (event as { waitUntil?(work: Promise<void>): void }).waitUntil?.(done);
});
