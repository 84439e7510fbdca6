// A service worker that runs the Cases when it is told to, and stays awake as long.
import * as bundle from "shelflife";
import { run } from "./run.ts";

addEventListener("message", (event) => {
  const { data, ports, waitUntil } = event as MessageEvent & { waitUntil(work: Promise<unknown>): void };
  waitUntil.call(
    event,
    run(bundle, location.origin, (line) => ports[0]!.postMessage(line), data),
  );
});
