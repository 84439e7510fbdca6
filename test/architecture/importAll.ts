// Imports every file of src in a process of its own, and prints what of the platform that touched.
import { root, readTree } from "./tree.ts";

const names = [
  "AbortController",
  "AbortSignal",
  "addEventListener",
  "Blob",
  "BroadcastChannel",
  "CompressionStream",
  "crypto",
  "document",
  "Event",
  "EventSource",
  "EventTarget",
  "fetch",
  "Headers",
  "indexedDB",
  "localStorage",
  "location",
  "MessageChannel",
  "navigator",
  "performance",
  "queueMicrotask",
  "ReadableStream",
  "Request",
  "Response",
  "self",
  "sessionStorage",
  "setInterval",
  "setTimeout",
  "structuredClone",
  "TextDecoder",
  "TextDecoderStream",
  "TextEncoder",
  "URLSearchParams",
  "window",
  "Worker",
  "Bun",
  "Deno",
];
const touched: string[] = [];
const files = [...readTree("src").keys()].filter((name) => name !== "src/cli.ts");
// Node makes some of them when they are first seen, out of the others.
for (const name of names) Reflect.get(globalThis, name);
for (const name of names) {
  Object.defineProperty(globalThis, name, { configurable: true, get: () => void touched.push(name) });
}
// A file that makes something of the platform fails, and the others are still looked at.
for (const name of files) await import(root + name).catch((error: Error) => touched.push(`${name}: ${error.message}`));
process.stdout.write(JSON.stringify({ files: files.length, touched }));
