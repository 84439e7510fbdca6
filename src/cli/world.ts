import type { Readable, Writable } from "node:stream";
import type { Factory } from "../core/registry.ts";

/** What a command knows of the world around it. */
export interface World {
  /** The package.json, which has the version. */
  readonly manifest: URL;
  /** The factories of the backends that a configuration may name. */
  readonly backends: Readonly<Record<string, Factory>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that file names count from. */
  readonly folder: string;
  /** Whether a person reads the output. */
  readonly isTerminal: boolean;
  /** Whether a person reads the messages. */
  readonly isWatched: boolean;
  /** Whether output may be coloured. */
  readonly hasColors: boolean;
  /** Writes output; resolves when it is taken, and rejects {@link readerLeft} when nobody takes it any more. */
  write(output: string | Uint8Array): Promise<void>;
  /** Writes output without waiting, whether or not somebody reads it. */
  log(output: string): void;
  /** Writes a message beside the output, for the person who started the command. */
  report(message: string): void;
  /** Standard input. */
  input(): AsyncIterable<Uint8Array>;
  /**
   * From here on the first SIGINT or SIGTERM aborts the signal, with {@link Interruption} for a reason, instead of ending
   * the process. The second one ends it.
   */
  interrupted(): AbortSignal;
  /** Resolves when nothing is under way any more that could ever settle what the command waits for. */
  starved(): Promise<void>;
  /** Epoch ms. */
  now(): number;
}

/** Thrown when the reader of the output has left. */
export const readerLeft: unique symbol = Symbol("readerLeft");

/** Why a command was interrupted. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** The code that shells have for it: 128 and the number of the signal. */
  readonly exitCode: number;

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`Interrupted by ${signal}`);
    this.exitCode = signal === "SIGINT" ? 130 : 143;
  }
}

/** The world of a process, with what began it and what ends it. */
export interface ProcessWorld extends World {
  readonly args: string[];
  /** Ends the process when all that was written has been taken. */
  end(exitCode: number): void;
}

/** Returns the world of this process. */
export async function createWorld(manifest: URL, backends: World["backends"]): Promise<ProcessWorld> {
  const { default: process } = await import("node:process");
  const { stdout, stderr, env } = process;
  // Without a listener the process would end with a stack when a reader leaves.
  stdout.on("error", () => {});
  stderr.on("error", () => {});

  return {
    manifest,
    backends,
    args: process.argv.slice(2),
    env,
    folder: process.cwd(),
    isTerminal: !!stdout.isTTY,
    isWatched: !!stderr.isTTY,
    hasColors: !!stdout.isTTY && !env.NO_COLOR && env.TERM !== "dumb",
    write: (output) => write(stdout, output),
    log: (output) => void stdout.write(output),
    report: (message) => void stderr.write(message),
    input: () => process.stdin as Readable as AsyncIterable<Uint8Array>,
    interrupted() {
      const controller = new AbortController();
      for (const name of ["SIGINT", "SIGTERM"] as const) {
        process.on(name, () => {
          const interruption = new Interruption(name);
          if (controller.signal.aborted) process.exit(interruption.exitCode);
          controller.abort(interruption);
        });
      }
      return controller.signal;
    },
    now: () => Date.now(),
    starved: () => new Promise((resolve) => void process.once("beforeExit", () => resolve())),
    end(exitCode) {
      // What is open still, such as an input that nobody ends, must not hold the process.
      const exit = (): void => process.exit(exitCode);
      write(stdout, "").then(exit, exit);
    },
  };
}

function write(stream: Writable, output: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(output, (error) => (error ? reject(readerLeft) : resolve()));
  });
}
