// An edge worker that answers a request with what the Cases come to there, line by line, and serves stores of its own.
import * as bundle from "shelflife";
import { handler } from "shelflife/http/handler";
import { storeServer, storesPath } from "../../test/support/storeServer.ts";
import { run } from "./run.ts";

const serve = storeServer(bundle.memory, handler);

export default {
  fetch(request: Request): Response | Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.startsWith(storesPath)) return serve(request);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const encoder = new TextEncoder();
    const tell = (line: string): void => void writer.write(encoder.encode(`${line}\n`));
    void run(bundle, searchParams.get("server")!, tell, searchParams.get("filter")!).then(() => writer.close());
    return new Response(readable);
  },
};
