import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { installPackage, packageFolder } from "../../scripts/installPackage.mjs";
import { startServer, type TestServer } from "./server.ts";

/** Makes a folder beside the installed package, in which programs import it by its name as a user's do. */
export async function besidePackage(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  if (!existsSync(`${packageFolder}node_modules/shelflife`)) await installPackage();
  const folder = join(packageFolder, name);
  await rm(folder, { recursive: true, force: true });
  await fill(folder);
  // In place of the project's own, whose paths lead to src.
  await writeFile(join(folder, "tsconfig.json"), "{}");
  return folder;
}

/** Serves the project with the installed package in the place where a page finds it. */
export function serveInstalled(routes: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  return startServer({
    ...routes,
    "/node_modules/shelflife/": async ({ url }) =>
      new Response((await readFile(join(packageFolder, new URL(url).pathname))) as BodyInit, {
        headers: { "content-type": "text/javascript" },
      }),
  });
}

/** A program that runs, and what it has printed. */
export interface Program {
  /** Resolves with the match as soon as what was printed has one; rejects when the program ends without. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with all that was printed when the program ends by itself; rejects unless it ends well. */
  ended(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a program that is stopped with the test. */
export function start(t: TestContext, [file, ...args]: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Program {
  let output = "";
  // Deno takes it for a wish, whatever it is.
  const { FORCE_COLOR: _, ...plain } = process.env;
  const child: ChildProcess = spawn(file!, args, { cwd, env: { ...plain, NO_COLOR: "1", ...env } });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve).once("error", () => resolve(-1)));
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  t.onTestFinished(stop);
  return {
    async printed(pattern) {
      for (;;) {
        const match = pattern.exec(output);
        if (match) return match;
        const isOver = await Promise.race([ended.then(() => true), new Promise((resolve) => setTimeout(resolve, 20))]);
        if (isOver && !pattern.test(output)) throw new Error(`Expected ${pattern} of ${file}, got ${output}`);
      }
    },
    async ended() {
      const code = await ended;
      if (code !== 0) throw new Error(`Expected ${[file, ...args].join(" ")} to end with 0, got ${code}: ${output}`);
      return output;
    },
    stop,
  };
}
