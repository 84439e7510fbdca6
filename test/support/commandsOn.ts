import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { runtimes } from "../../scripts/runtimes.mjs";

const home = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const script = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** A command that runs in a process of its own. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly err: () => string;
  /** Resolves when it has ended, with the code, or the signal that ended it. */
  readonly ended: Promise<{ code: number | string; out: Buffer; err: string }>;
  /** Resolves with the match as soon as what it wrote has one. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts commands with a runtime, in a folder of its own. */
export function commandsOn(name: keyof typeof runtimes) {
  const folder = join(home, name);
  mkdirSync(folder, { recursive: true });
  // As users start it: without the flags that keep Node quiet.
  const [file, ...flags] = runtimes[name].filter((each: string) => !each.includes("disable-warning"));

  function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
    const child = spawn(file!, [...flags, script, ...args], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1", ...env },
    });
    const chunks: Buffer[] = [];
    let err = "";
    let wake = (): void => {};
    child.stdout.on("data", (chunk: Buffer) => (chunks.push(chunk), wake()));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    // One that has ended does not read.
    child.stdin.on("error", () => {});
    const ended = new Promise<{ code: number | string; out: Buffer; err: string }>((resolve) => {
      child.once("close", (code, signal) => {
        resolve({ code: code ?? signal!, out: Buffer.concat(chunks), err });
        wake();
      });
    });
    return {
      child,
      err: () => err,
      ended,
      async printed(pattern) {
        for (;;) {
          const match = pattern.exec(Buffer.concat(chunks).toString());
          if (match) return match;
          if (child.exitCode !== null || child.signalCode) throw new Error(`Expected ${pattern}, got ${err}`);
          await new Promise<void>((resolve) => (wake = resolve));
        }
      },
    };
  }

  return {
    folder,
    start,
    async run(args: readonly string[], stdin: string | Uint8Array = "", env?: NodeJS.ProcessEnv) {
      const { child, ended } = start(args, env);
      child.stdin.end(stdin);
      return ended;
    },
    async serve(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Running & { readonly url: string }> {
      const running = start(["serve", "--port", "0", ...args], env);
      const [, url] = await running.printed(/"url":"([^"]+)"/);
      return { ...running, url: url!.replace("0.0.0.0", "127.0.0.1") };
    },
  };
}
