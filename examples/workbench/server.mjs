// Serves the workbench, the documentation and a remote store on this machine only.
//   node examples/workbench/server.mjs [--port 8787] [--data .data]
import { mkdir, readFile } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { handler, open } from "shelflife/server";
import { serve } from "srvx";
import { answerDocs } from "./docs.mjs";
import { types } from "./fileTypes.mjs";

const hostname = "127.0.0.1";
const mount = "/store";
const page = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
const security = {
  "content-security-policy": [
    "default-src 'self'",
    "img-src 'self' blob: data:",
    // A remote store may be anywhere.
    "connect-src 'self' http: https:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-cache",
};

const { values: options } = parseArgs({ options: { port: { type: "string" }, data: { type: "string" } } });
const wanted = options.port ?? process.env.PORT;
const data = resolve(root, options.data ?? ".data");
await mkdir(data, { recursive: true });
const store = await open({
  backend: "sqlite",
  parameters: { path: join(data, "workbench.sqlite"), sweepInterval: 10_000 },
});
const answerStore = handler(store, { base: mount });

/** Answers with a file of the page or of the built package, and with no other. */
async function answerFile(pathname) {
  // Not decoded: no file here has a name that needs it.
  const isBuilt = pathname.startsWith("/dist/");
  // Which version it is says the manifest.
  const whole = pathname === "/package.json" ? root : page;
  const [folder, path] = isBuilt ? [join(root, "dist"), pathname.slice(5)] : [whole, pathname];
  const file = join(folder, path === "/" ? "index.html" : path);
  const type = types[extname(file)];
  if (!type || !file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return undefined;
  const body = await readFile(file).catch(() => undefined);
  return body && new Response(body, { headers: { ...security, "content-type": type } });
}

/** Refuses what another site's page sends, under a name of its own that leads here, or across origins. */
function isForeign(request, { host, origin }) {
  const isOurs = ["127.0.0.1", "localhost", "[::1]"].some((name) => host.replace(/:\d+$/, "") === name);
  const from = request.headers.get("origin");
  return !isOurs || (from !== null && from !== origin);
}

async function answer(request) {
  const url = new URL(request.url);
  if (isForeign(request, url)) return new Response("Not for other sites\n", { status: 403 });
  if (url.pathname === mount || url.pathname.startsWith(`${mount}/`)) return answerStore(request);
  const isRead = request.method === "GET" || request.method === "HEAD";
  const response = isRead ? ((await answerDocs(url.pathname)) ?? (await answerFile(url.pathname))) : undefined;
  return response ?? new Response("Not found\n", { status: 404, headers: security });
}

async function listen(port) {
  const server = serve({ fetch: answer, hostname, port, silent: true, gracefulShutdown: false });
  try {
    return await server.ready();
  } catch (error) {
    // A port that was asked for is a wish, and the next free one will do.
    if (error.code !== "EADDRINUSE" || port >= 65_535) throw error;
    return listen(port + 1);
  }
}

const server = await listen(Number(wanted || 8787));
console.log(`The workbench is at ${server.url}`);

let isStopping = false;
async function stop() {
  if (isStopping) return;
  isStopping = true;
  // Watches are answers without an end: they are cut off.
  await server.close(true);
  await store.close();
}
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => void stop());
