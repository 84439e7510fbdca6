import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Store } from "../../src/core/contract.ts";
import type { Outcome } from "../../src/core/link.ts";
import { isLike, document } from "./conforms.ts";
import { mount } from "./pair.ts";

type Serve = (request: Request) => Promise<Response>;
/** A step as it is sent. What is written has its value in the place of a size. */
export type Step = readonly unknown[];
/** What came of a push: its outcomes as lines, with the values in the place of sizes, or why it was refused. */
export type Pushed = readonly unknown[] | "forgotten" | "running" | number;

/** Asks a handler for a name. */
export async function greet(serve: Serve, headers: Record<string, string> = {}): Promise<Record<string, any>> {
  const response = await serve(new Request(`${mount}/replica`, { method: "POST", headers }));
  assert.equal(response.status, 200);
  const greeting = (await response.json()) as Record<string, unknown>;
  assert.ok(isLike(greeting, document.components.schemas.Greeting!), JSON.stringify(greeting));
  return greeting;
}

/** Returns the body of a push. */
export function bodyOf(steps: readonly Step[]): string {
  const values: string[] = [];
  const push = steps.map((step) => {
    const [name, key, value, ...rest] = step;
    if (name !== "write" || typeof value !== "string") return step;
    values.push(value);
    return [name, key, value.length, ...rest];
  });
  return `${JSON.stringify({ push })}\n${values.join("")}`;
}

/** Sends a push under a ticket. */
export async function push(
  serve: Serve,
  ticket: string,
  steps: readonly Step[],
  headers: Record<string, string> = {},
): Promise<Pushed> {
  const init = { method: "POST", headers: { "shelflife-replica": ticket, ...headers }, body: bodyOf(steps) };
  return readPushed(await serve(new Request(`${mount}/batch`, init)));
}

/** Reads the answer to a push. */
export async function readPushed(response: Response): Promise<Pushed> {
  const { status, headers } = response;
  const text = await response.text();
  if (status !== 200) {
    if (status !== 409) return status;
    assert.equal(headers.get("shelflife"), "conflict");
    if (headers.get("shelflife-replica") === "forgotten") return "forgotten";
    assert.equal(headers.get("retry-after"), "1");
    return "running";
  }
  const [head] = text.split("\n", 1) as [string];
  let rest = text.slice(head.length + 1);
  const lines = JSON.parse(head) as unknown[];
  assert.ok(isLike(lines, document.components.schemas.Outcomes!), head);
  const read = lines.map((line) => {
    if (!Array.isArray(line) || !Array.isArray(line[1]) || line[1][0] === null) return line;
    const [size, ...more] = line[1] as [number, ...unknown[]];
    const value = rest.slice(0, size);
    rest = rest.slice(size);
    return [line[0], [value, ...more]];
  });
  assert.equal(rest, "");
  return read;
}

/** A push that adds to a number. */
export const add: readonly Step[] = [["add", "n", 1, null]];

const digest = (value: number): string => createHash("sha256").update(`${value}`).digest("hex");

/** What is answered to that if the sum is so much. */
export const sum = (value: number): Pushed => [[true, [`${value}`, null, digest(value)]]];

/** A store whose increments wait to be let go. */
export function gated(inner: Store): { store: Store; open: () => void; readonly waiting: number } {
  let waiting: (() => void)[] = [];
  let isOpen = false;
  return {
    store: {
      ...inner,
      async increment(...given) {
        if (!isOpen) await new Promise<void>((resolve) => waiting.push(resolve));
        return inner.increment(...given);
      },
    },
    open() {
      isOpen = true;
      for (const go of waiting) go();
      waiting = [];
    },
    get waiting() {
      return waiting.length;
    },
  };
}

/** Returns what came of each operation as it is easily compared. */
export const brief = (outcomes: readonly Outcome[]): unknown[] =>
  outcomes.map(({ isDone, now, error }) => [isDone, now?.value && new TextDecoder().decode(now.value), error?.code]);
