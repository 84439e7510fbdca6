// An edge worker that answers a request with what the Cases come to there, line by line, and serves stores of its own.
import * as bundle from "shelflife";
import { handler } from "shelflife/http/handler";
import * as testing from "shelflife/testing";
import { runCases, summary } from "../../test/support/runCases.ts";
import { storeServer, storesPath } from "../../test/support/storeServer.ts";
import { onlyMemory } from "../../test/support/subjects.ts";
import { subjectsOf } from "./subjects.ts";

const serve = storeServer(bundle.memory, handler);

export default {
  fetch(request: Request): Response | Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.startsWith(storesPath)) return serve(request);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const encoder = new TextEncoder();
    const print = (line: string): void => void writer.write(encoder.encode(`${line}\n`));
    void run(searchParams.get("server")!, searchParams.get("filter")!, print).then(() => writer.close());
    return new Response(readable);
  },
};

async function run(server: string, filter: string, print: (line: string) => void): Promise<void> {
  try {
    print(
      summary(await runCases(testing, await subjectsOf(bundle, { server, viewed: onlyMemory }), { filter, print })),
    );
  } catch (error) {
    print(String(error));
    print(summary({ passed: 0, failed: 1 }));
  }
}
