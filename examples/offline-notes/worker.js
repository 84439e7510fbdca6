// The service worker: keeps the page, so that it starts without a network, and brings waiting notes to the server when no page
// is open.
import { openNotes } from "./store.js";

const shell = "notes-shell";
const parts = ["./", "style.css", "editor.css", "app.js", "manifest.webmanifest", "icon.svg", "icon-maskable.svg"];

/** Keeps all that the page is made of: its parts, and the modules that these import. */
async function keepShell() {
  const wanted = new Set(parts.map((part) => new URL(part, location).href));
  const found = [];
  // What is added on the way is gone through, too.
  for (const url of wanted) {
    const response = await fetch(url, { cache: "no-cache" });
    if (!response.ok) throw new Error(`Cannot keep ${url}: ${response.status}`);
    found.push([url, response.clone()]);
    if (!url.endsWith(".js")) continue;
    for (const [, path] of (await response.text()).matchAll(/\bfrom ["']([./][^"']+)["']/g))
      wanted.add(new URL(path, url).href);
  }
  const cache = await caches.open(shell);
  // All of a version, or nothing of it.
  await Promise.all(found.map(([url, response]) => cache.put(url, response)));
}

addEventListener("install", (event) => {
  event.waitUntil(keepShell());
  void skipWaiting();
});

addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin || /^\/store(\/|$)/.test(pathname)) return;
  event.respondWith(caches.match(event.request, { ignoreSearch: true }).then((kept) => kept ?? fetch(event.request)));
  // What is newer on the server is there at the next start.
  if (mode === "navigate") event.waitUntil(keepShell().catch(() => {}));
});

// The browser has a network again, and a page had asked for this while notes waited. If it fails, the browser tries again later.
addEventListener("sync", (event) => {
  const [what, device = ""] = event.tag.split("/");
  if (what === "notes") event.waitUntil(bringNotes(device));
});

async function bringNotes(device) {
  const pages = await clients.matchAll({ type: "window" });
  // A page that somebody sees does it itself.
  if (pages.some(({ visibilityState }) => visibilityState === "visible")) return;
  const { store } = openNotes({ device });
  try {
    await store.sync();
  } finally {
    await store.close();
  }
}
