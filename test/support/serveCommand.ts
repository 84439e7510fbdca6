import { command, type Circumstances, type Outcome } from "./world.ts";

/** The command `serve` while it runs. */
export interface Serving {
  readonly url: string;
  readonly log: any[];
  /** Ends it, and resolves with what it said. */
  end(): Promise<Outcome>;
}

/** The options of a store in memory, on any port. */
export const memory = ["--store", '{"backend":"memory"}', "--port", "0"];

/** Runs `serve` in this process, and resolves when it serves. */
export async function serve(args: readonly string[], circumstances: Circumstances = {}): Promise<Serving> {
  const interrupt = new AbortController();
  const log: any[] = [];
  let started: (url: string) => void;
  const url = new Promise<string>((resolve) => (started = resolve));
  const ended = command(["serve", "--json", ...args], {
    ...circumstances,
    interrupt: interrupt.signal,
    onOutput(text) {
      log.push(JSON.parse(text));
      if (log.at(-1).event === "serving") started(log.at(-1).url as string);
    },
  });
  const failed = ended.then(({ err }) => Promise.reject(new Error(err)));
  failed.catch(() => {});
  return {
    url: await Promise.race([url, failed]),
    log,
    end() {
      interrupt.abort();
      return ended;
    },
  };
}
