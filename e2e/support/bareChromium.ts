import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { browsers } from "../../scripts/browsers.mjs";
import type { Page } from "./browser.ts";
import { expressionOf } from "./expression.ts";
import { chromiumArguments } from "./launchOptions.ts";

/** A tab of {@link startBareChromium}. */
export interface BareTab extends Pick<Page, "evaluate"> {
  /** Freezes the tab, as Chromium does with one that has been hidden for long, or ends that. */
  setFrozen(isFrozen: boolean): Promise<void>;
}

interface Answer {
  readonly id?: number;
  readonly result: any;
  readonly error?: { readonly message: string };
}

/** Starts Chromium behind its own protocol alone: Playwright has every page look shown, and Chromium freezes none that is. */
export async function startBareChromium(): Promise<{
  open(url: string): Promise<BareTab>;
  close(): Promise<void>;
}> {
  const profile = await mkdtemp(join(tmpdir(), "shelflife-bare-"));
  const { path } = browsers.chromium()!;
  const settings = ["--headless", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"];
  const child = spawn(path, [...chromiumArguments, ...settings], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const [input, output] = child.stdio.slice(3) as unknown as [Writable, Readable];
  const waiting = new Map<number, (answer: Answer) => void>();
  let text = "";
  output.setEncoding("utf8").on("data", (part: string) => {
    const answers = (text + part).split("\0");
    text = answers.pop()!;
    for (const each of answers) {
      const answer = JSON.parse(each) as Answer;
      waiting.get(answer.id!)?.(answer);
    }
  });
  let last = 0;

  async function send(method: string, params: object = {}, sessionId?: string): Promise<any> {
    const id = ++last;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result, error } = await answered;
    waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  return {
    async open(url) {
      const { targetId } = await send("Target.createTarget", { url: "about:blank" });
      const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
      await send("Page.navigate", { url }, sessionId);
      return {
        async evaluate(run, ...args) {
          const options = { expression: expressionOf(run, args), awaitPromise: true, returnByValue: true };
          const { result, exceptionDetails } = await send("Runtime.evaluate", options, sessionId);
          if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
          return result.value === undefined ? undefined : JSON.parse(result.value);
        },
        setFrozen: (isFrozen) =>
          send("Page.setWebLifecycleState", { state: isFrozen ? "frozen" : "active" }, sessionId),
      };
    },
    async close() {
      child.kill();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
