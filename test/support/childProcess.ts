import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A process that runs a script of ours on some runtime. */
export interface Child {
  /** Asks the script to do something, and resolves with its answer. */
  call(name: string, ...args: unknown[]): Promise<any>;
  /** Everything that it said unasked, as [what, value]. */
  readonly said: [string, any][];
  /** Resolves when it has said that many things. */
  until(count: number): Promise<void>;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Lets it end by itself, and resolves with what it wrote to its stderr. */
  end(): Promise<string>;
}

/** Starts a script of test/processes with a runtime's command. */
export function startChild(command: readonly string[], script: string): Child {
  const path = fileURLToPath(new URL(`../processes/${script}`, import.meta.url));
  const child = spawn(command[0]!, [...command.slice(1), path], { stdio: "pipe" });
  const pending = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  const said: [string, unknown][] = [];
  let errors = "";
  let wake = (): void => {};
  let count = 0;

  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [id, result, error] = JSON.parse(line) as [number | string, unknown, string?];
    if (typeof id === "string") {
      said.push([id, result]);
      wake();
      return;
    }
    const { resolve, reject } = pending.get(id)!;
    pending.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  });
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => {
      resolve();
      for (const { reject } of pending.values()) reject(new Error(`Child ended: ${errors}`));
      wake();
    });
  });
  // A killed child does not read what is written to it.
  child.stdin.on("error", () => {});

  return {
    said,
    call(name, ...args) {
      const id = ++count;
      child.stdin.write(`${JSON.stringify([id, name, ...args])}\n`);
      return new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
    },
    async until(count) {
      while (said.length < count) {
        if (child.exitCode !== null || child.signalCode) throw new Error(`Child ended: ${errors}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
    async end() {
      child.stdin.end();
      await closed;
      return errors;
    },
  };
}
