// A service worker by which pages come up without a network, and which has the offline store of a page.
import { indexeddb, remote } from "shelflife";
import { offline } from "shelflife/offline";

interface Extended extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetched extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
const scope = globalThis as unknown as {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
};

addEventListener("install", (event) => (event as Extended).waitUntil(scope.skipWaiting()));
addEventListener("activate", (event) => (event as Extended).waitUntil(scope.clients.claim()));

/** Answers from the network, or with what it answered last. */
async function answer(request: Request): Promise<Response> {
  const cache = await caches.open("pages");
  try {
    const response = await fetch(request);
    await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const known = await cache.match(request);
    if (!known) throw error;
    return known;
  }
}

addEventListener("fetch", (event) => {
  const { request } = event as Fetched;
  if (new URL(request.url).origin === location.origin) (event as Fetched).respondWith(answer(request));
});

async function sync(database: string, url: string): Promise<void> {
  const store = offline(indexeddb({ database }), remote({ url }));
  await store.sync();
  await store.close();
}

addEventListener("message", (event) => {
  const { data, ports } = event as MessageEvent<{ database: string; url: string }>;
  const done = sync(data.database, data.url).then(
    () => ports[0]!.postMessage(undefined),
    (error: unknown) => ports[0]!.postMessage(String(error)),
  );
  (event as unknown as Extended).waitUntil(done);
});

// What the browser dispatches when there is a network again. The tag says whose store it is about.
addEventListener("sync", (event) => {
  const { database, url } = JSON.parse((event as Event & { tag: string }).tag) as { database: string; url: string };
  (event as Extended).waitUntil(sync(database, url));
});
