// An edge worker that answers a request with what the Cases come to there, line by line, and serves stores of its own.
import * as bundle from "shelflife";
import { cacheApi } from "shelflife/adapters/cacheApi";
import { cloudflareKv, type KvNamespaceLike } from "shelflife/adapters/cloudflareKv";
import { handler } from "shelflife/http/handler";
import * as testing from "shelflife/testing";
import { runCases, summary } from "../../test/support/runCases.ts";
import { storeServer, storesPath } from "../../test/support/storeServer.ts";
import { onlyMemory } from "../../test/support/subjects.ts";
import { subjectsOf } from "./subjects.ts";

const serve = storeServer(bundle.memory, handler);

export default {
  fetch(request: Request, { KV }: { KV: KvNamespaceLike }): Response | Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.startsWith(storesPath)) return serve(request);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const encoder = new TextEncoder();
    const print = (line: string): void => void writer.write(encoder.encode(`${line}\n`));
    void run(KV, searchParams.get("server")!, searchParams.get("filter")!, print).then(() => writer.close());
    return new Response(readable);
  },
};

/** The media that an edge worker has. */
const media = (KV: KvNamespaceLike): readonly testing.Subject[] => [
  {
    name: "cloudflareKv",
    can: ["list", "bytes", "shared", "persistent"],
    rounds: 20,
    open: (medium, { now }) => cloudflareKv(KV, { now, prefix: `${medium}/` }),
  },
  {
    name: "cacheApi",
    can: ["bytes", "shared"],
    rounds: 20,
    open: async (medium, options) => cacheApi(await caches.open(medium), options),
  },
];

async function run(KV: KvNamespaceLike, server: string, filter: string, print: (line: string) => void): Promise<void> {
  try {
    const subjects = [...(await subjectsOf(bundle, { server, viewed: onlyMemory })), ...media(KV)];
    print(summary(await runCases(testing, subjects, { filter, print })));
  } catch (error) {
    print(String(error));
    print(summary({ passed: 0, failed: 1 }));
  }
}
