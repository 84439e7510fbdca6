// Runs the Cases here or in a worker, on the bundle that the address names, against the stores of this
// origin or of the server that it names: ?where=page&bundle=umd&filter=memory
import { run } from "./run.ts";

const {
  where = "page",
  bundle = "esm",
  filter,
  server = location.origin,
} = Object.fromEntries(new URLSearchParams(location.search));
const lines: string[] = [];
Object.assign(globalThis, { lines });

function tell(line: string): void {
  lines.push(line);
  document.querySelector("pre")!.append(`${line}\n`);
}

const places: Record<string, () => Promise<unknown>> = {
  async page() {
    const { Shelflife } = globalThis as unknown as { Shelflife: typeof import("shelflife") };
    await run(bundle === "umd" ? Shelflife : await import("shelflife"), server, tell, filter);
  },
  async worker() {
    const worker = new Worker("worker.ts", { type: "module" });
    worker.addEventListener("message", ({ data }) => tell(data));
    worker.addEventListener("error", ({ message }) => tell(message));
    worker.postMessage(filter);
  },
  async serviceWorker() {
    await navigator.serviceWorker.register("serviceWorker.ts", { type: "module", scope: "/" });
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", ({ data }) => tell(data));
    port1.start();
    active!.postMessage(filter, [port2]);
  },
};

await places[where]!().catch((error: unknown) => {
  tell(String(error));
  tell("0 passed, 1 failed");
});
