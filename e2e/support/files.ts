import { readFile } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/run.mjs";

const types: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Where a page finds the built package: what is tested is what a user's page imports. */
export const built: Readonly<Record<string, string>> = {
  "shelflife/adapters/idb": "/dist/adapters/idb.js",
  "shelflife/adapters/cacheApi": "/dist/adapters/cacheApi.js",
  "shelflife/adapters/localforage": "/dist/adapters/localforage.js",
  "shelflife/backends/indexeddb": "/dist/backends/indexeddb.js",
  "shelflife/extras": "/dist/extras.js",
  "shelflife/http/handler": "/dist/http/handler.js",
  "shelflife/offline": "/dist/offline.js",
  "shelflife/testing": "/dist/testing.js",
  shelflife: "/dist/shelflife.min.js",
};

/**
 * Answers with a file of the project. A `.ts` file comes as one script, in which the package is not bundled but imported
 * from dist as a page would: `shelflife` is the ESM bundle. `page.html` is a page with the script `page.ts` beside it.
 * Under `/built/` is the same, where another server has `.ts` files as they are.
 */
export async function file(pathname: string): Promise<Response> {
  const path = join(root, normalize(pathname.replace(/^\/built\//, "/")));
  if (!path.startsWith(root)) return new Response("Not found", { status: 404 });
  try {
    const body = await read(path);
    // A service worker under e2e/ may control the whole origin.
    const headers = { "content-type": types[extname(path)] ?? "text/javascript", "service-worker-allowed": "/" };
    return new Response(body as BodyInit, { headers });
  } catch (error) {
    return new Response(String(error), { status: 404 });
  }
}

async function read(path: string): Promise<string | Uint8Array> {
  if (extname(path) === ".ts") return script(path);
  return readFile(path).catch((error: unknown) => {
    if (!path.endsWith("/page.html")) throw error;
    return page(dirname(path).slice(root.length));
  });
}

const page = (folder: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${folder}</title><link rel="icon" href="data:,">` +
  `<script type="module" src="/${folder}/page.ts"></script><body></body></html>`;

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
    alias: { ...built },
    external: ["/dist/*"],
  });
  return outputFiles[0]!.text;
}
