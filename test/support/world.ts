import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { run } from "../../src/cli/run.ts";
import { Interruption, readerLeft, type World } from "../../src/cli/world.ts";
import { getFactory, methods } from "../../src/server.ts";

/** A folder for the files of a test file's tests, removed at their end. */
export const folder: string = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What became of a command. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly bytes: Buffer;
  readonly err: string;
}

/** The world of a command, as far as a test sets it. */
export interface Circumstances extends Partial<World> {
  /** What comes in, in its pieces. */
  readonly stdin?: readonly (string | Uint8Array)[];
  /** How many bytes are read before the reader leaves. */
  readonly reads?: number;
  /** Interrupts the command when it is aborted. */
  readonly interrupt?: AbortSignal;
  /** Gets output as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** The backends of the command. */
export const backends = Object.fromEntries(methods().map((name) => [name, getFactory(name)]));

/** Runs a command in this process. */
export async function command(args: readonly string[], circumstances: Circumstances = {}): Promise<Outcome> {
  const { stdin = [], reads = Infinity, interrupt, onOutput, ...rest } = circumstances;
  const chunks: Uint8Array[] = [];
  let size = 0;
  let err = "";
  async function write(output: string | Uint8Array): Promise<void> {
    const chunk = Buffer.from(output as string);
    size += chunk.length;
    if (size > reads) throw readerLeft;
    chunks.push(chunk);
    onOutput?.(chunk.toString());
  }
  const world: World = {
    manifest: new URL("../../package.json", import.meta.url),
    backends,
    env: {},
    folder,
    isTerminal: false,
    isWatched: false,
    hasColors: false,
    write,
    log: (output) => void write(output),
    report: (message) => void (err += message),
    async *input() {
      for (const each of stdin) yield Buffer.from(each as string);
    },
    interrupted() {
      const controller = new AbortController();
      const abort = (): void => controller.abort(new Interruption("SIGINT"));
      if (interrupt?.aborted) abort();
      interrupt?.addEventListener("abort", abort);
      return controller.signal;
    },
    starved: () => new Promise(() => {}),
    now: Date.now,
    ...rest,
  };
  const code = await run(args, world);
  const bytes = Buffer.concat(chunks);
  return { code, out: bytes.toString(), bytes, err };
}

let files = 0;

/** Returns the options that name a store in a file. */
export function storeIn(path: string): string[] {
  return ["--store", JSON.stringify({ backend: "sqlite", parameters: { path } })];
}

/** Returns the options that name a store of its own, in a file. */
export function ownStore(): string[] {
  return storeIn(join(folder, `${++files}.db`));
}
