import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/run.mjs";
import { until } from "../../test/support/until.ts";

/** A workbench of its own: its server, on a free port, with an SQLite file in a temporary folder. */
export interface Workbench {
  readonly url: string;
  /** Ends the server as a person would by Ctrl+C, and resolves with its exit code. The folder stays. */
  stop(): Promise<number | null>;
  /** Starts the server again, at the same address. */
  start(): Promise<void>;
  /** Ends the server and removes the folder. */
  remove(): Promise<void>;
}

export async function startWorkbench(): Promise<Workbench> {
  const data = await mkdtemp(join(tmpdir(), "shelflife-workbench-"));
  let child: ChildProcess;
  let url = "";
  // A run that is interrupted leaves no server behind.
  process.once("exit", () => child?.kill());

  async function start(): Promise<void> {
    const port = url ? new URL(url).port : "0";
    const script = "examples/workbench/server.mjs";
    const flags = ["--disable-warning=ExperimentalWarning", script, "--port", port, "--data", data];
    child = spawn(process.execPath, flags, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    // A run in which no test of a file is wanted ends without its hooks.
    child.unref();
    (child.stdout as Socket).unref();
    let printed = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => (printed += text));
    await until(() => {
      assert.equal(child.exitCode, null, "the server ended");
      return /http:\S+/.test(printed);
    });
    url = /http:\S+/.exec(printed)![0];
  }

  async function stop(): Promise<number | null> {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.ref();
    child.kill("SIGINT");
    return ended;
  }

  await start();
  return {
    get url() {
      return url;
    },
    start,
    stop,
    async remove() {
      await stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}
