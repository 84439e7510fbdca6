// Imports every file of src in a process of its own, and prints what of the platform that touched.
import { root, readTree } from "./tree.ts";

const names = [
  "addEventListener",
  "BroadcastChannel",
  "document",
  "EventSource",
  "fetch",
  "indexedDB",
  "localStorage",
  "location",
  "navigator",
  "self",
  "sessionStorage",
  "setInterval",
  "setTimeout",
  "window",
  "Bun",
  "Deno",
];
const touched: string[] = [];
const files = [...readTree("src").keys()].filter((name) => name !== "src/cli.ts");
for (const name of names) {
  Object.defineProperty(globalThis, name, { configurable: true, get: () => void touched.push(name) });
}
for (const name of files) await import(root + name);
process.stdout.write(JSON.stringify({ files: files.length, touched }));
