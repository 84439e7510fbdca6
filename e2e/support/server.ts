import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { serve } from "srvx";

const root = fileURLToPath(new URL("../../", import.meta.url));
const types: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A server on loopback, reached as `localhost`, which browsers trust like https. */
export interface TestServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the project's files. A `.ts` file comes as one script, in which the package is not bundled but imported from
 * dist as a page would: `shelflife` is the ESM bundle. What begins with a `route` is left to its function.
 */
export async function startServer(
  routes: Record<string, (request: Request) => Response | Promise<Response>> = {},
): Promise<TestServer> {
  const server = serve({
    hostname: "127.0.0.1",
    port: 0,
    silent: true,
    gracefulShutdown: false,
    fetch(request) {
      const { pathname } = new URL(request.url);
      const route = Object.keys(routes).find((prefix) => pathname.startsWith(prefix));
      return route === undefined ? file(decodeURIComponent(pathname)) : routes[route]!(request);
    },
  });
  await server.ready();
  return {
    url: `http://localhost:${new URL(server.url!).port}/`,
    close: () => server.close(true),
  };
}

async function file(pathname: string): Promise<Response> {
  const path = join(root, normalize(pathname));
  if (!path.startsWith(root)) return new Response("Not found", { status: 404 });
  try {
    const body = extname(path) === ".ts" ? await script(path) : await readFile(path);
    // A service worker under e2e/ may control the whole origin.
    const headers = { "content-type": types[extname(path)] ?? "text/javascript", "service-worker-allowed": "/" };
    return new Response(body as BodyInit, { headers });
  } catch (error) {
    return new Response(String(error), { status: 404 });
  }
}

async function script(path: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    format: "esm",
    write: false,
    sourcemap: "inline",
    logLevel: "silent",
    // Without the project's own paths, which lead to src.
    tsconfigRaw: {},
    alias: {
      "shelflife/adapters/localforage": "/dist/adapters/localforage.js",
      "shelflife/http/handler": "/dist/http/handler.js",
      "shelflife/testing": "/dist/testing.js",
      shelflife: "/dist/shelflife.min.js",
    },
    external: ["/dist/*"],
  });
  return outputFiles[0]!.text;
}
