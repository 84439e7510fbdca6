// Serves the site of the documentation, once `npm run docs` or `npm start` has built it.
import { readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { types } from "./fileTypes.mjs";

const mount = "/docs";
const site = fileURLToPath(new URL("../../.site", import.meta.url));

// What a page may do is said in each page, which has scripts of its own.
const security = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cache-control": "no-cache",
};

const waiting = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="3">
<title>shelflife documentation</title>
<p>The documentation is being built. This page reloads until it is there.</p>
</html>
`;

/**
 * Answers with a file of the site, with a page that waits for it, or with undefined for what is none of its paths. A page may be asked
 * for without its ending.
 */
export async function answerDocs(pathname) {
  if (pathname === mount) return new Response(null, { status: 308, headers: { location: `${mount}/` } });
  if (!pathname.startsWith(`${mount}/`)) return undefined;
  const path = pathname.slice(mount.length);
  const file = join(site, path.endsWith("/") ? `${path}index.html` : path);
  const type = types[extname(file)];
  const read = async (file) => (file.startsWith(site + sep) ? readFile(file).catch(() => undefined) : undefined);
  const body = type && (await read(file));
  if (body) return new Response(body, { headers: { ...security, "content-type": type } });
  // As people type it, and as hosts have it that leave out the ending.
  if (!type && (await read(`${file}.html`)))
    return new Response(null, { status: 308, headers: { location: `${mount}${path}.html` } });
  const headers = { ...security, "content-type": types[".html"] };
  const missing = await read(join(site, "404.html"));
  if (missing) return new Response(missing, { status: 404, headers });
  return new Response(waiting, { status: 503, headers: { ...headers, "retry-after": "3" } });
}
