// Serves the page, and the store that it is brought into step with, on this machine only.
//   node examples/offline-notes/server.mjs [--port 8788] [--data .data]
import { mkdir, readFile } from "node:fs/promises";
import { dirname, extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { handler, open } from "shelflife/server";
import { listen } from "shelflife/service/listen";

const page = fileURLToPath(new URL(".", import.meta.url));
const library = dirname(fileURLToPath(import.meta.resolve("shelflife")));
const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};
const headers = {
  "content-security-policy":
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

const { values: options } = parseArgs({ options: { port: { type: "string" }, data: { type: "string" } } });
const data = resolve(options.data ?? ".data");
await mkdir(data, { recursive: true });
const openFile = (name) => open({ backend: "sqlite", parameters: { path: join(data, name) } });
const store = await openFile("notes.sqlite");
// Which pushes were applied, so that each is applied once, also when this program was started anew.
const requests = await openFile("notes-requests.sqlite");
const answerStore = handler(store, { base: "/store", requests });

/** Answers with a file of the page or of the built package, and with no other. */
async function answerFile(pathname) {
  const [folder, path] = pathname.startsWith("/shelflife/") ? [library, pathname.slice(10)] : [page, pathname];
  const file = join(folder, path === "/" ? "index.html" : path);
  const type = types[extname(file)];
  if (!type || !file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return undefined;
  const body = await readFile(file).catch(() => undefined);
  return body && new Response(body, { headers: { ...headers, "content-type": type } });
}

async function answer(request) {
  const { origin, pathname } = new URL(request.url);
  const from = request.headers.get("origin");
  if (from !== null && from !== origin) return new Response("Not for other sites\n", { status: 403 });
  if (/^\/store(\/|$)/.test(pathname)) return answerStore(request);
  return (await answerFile(pathname)) ?? new Response("Not found\n", { status: 404 });
}

const server = await listen({ answer, port: Number(options.port ?? process.env.PORT ?? 8788) });
console.log(`The notes are at ${server.url}`);

async function stop() {
  await server.close({ grace: 0 });
  await Promise.all([store.close(), requests.close()]);
}
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void stop());
