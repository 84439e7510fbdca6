// A process of its own that serves, line by line: [number, name of the call, ...arguments].
import process from "node:process";
import { createInterface } from "node:readline";
import { listen, type Listening, type ListenOptions } from "../../src/service/listen.ts";
import { serveTests } from "../support/served.ts";

const say = (line: unknown): unknown => process.stdout.write(`${JSON.stringify(line)}\n`);
const served = serveTests((what) => say(["said", what]));
let server: Listening;

const calls = {
  async listen(options: Omit<ListenOptions, "answer">) {
    const { answer } = served;
    server = await listen({ ...options, answer, onError: (error) => say(["failed", (error as Error).message]) });
    return server.url;
  },
  release: () => served.release(),
  pulled: () => served.pulled(),
  close: (options?: { grace?: number }) => Promise.all([server.close(options), server.close()]),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [id, name, ...args] = JSON.parse(line) as [number, keyof typeof calls, ...unknown[]];
  // One at a time would keep what lasts from being asked about.
  void (async () => {
    try {
      say([id, await (calls[name] as (...args: unknown[]) => unknown)(...args)]);
    } catch (error) {
      say([id, null, String(error)]);
    }
  })();
}
