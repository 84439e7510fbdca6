import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Bench } from "./bench.ts";
import { inTurn } from "./peer.ts";
import type { Unit } from "./work.ts";

/** Lets a script measure each peer in a process of its own, in turns, and notes what it says. */
export async function inProcess(
  bench: Bench,
  script: string,
  { title, peers, unit, rounds, args = [] }: InProcess,
): Promise<void> {
  const wanted = bench.wanted(peers.map((name) => ({ name }))).map(({ name }) => name);
  if (!bench.isWanted(title) || !wanted.length) return;
  const rates = new Map<string, number[]>(wanted.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of inTurn(wanted, round)) rates.get(name)!.push(await measure(script, [name, ...args]));
  }
  bench.note(title, 1, rates, { unit });
}

interface InProcess {
  readonly title: string;
  readonly peers: readonly string[];
  readonly unit: Unit;
  readonly rounds: number;
  readonly args?: readonly string[];
}

async function measure(script: string, args: readonly string[]): Promise<number> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, { execArgv: ["--expose-gc"] });
  const ended = once(child, "exit");
  const said = await Promise.race([once(child, "message"), ended]);
  const [message] = said as [{ measured?: number } | number];
  if (typeof message !== "object") throw new Error(`${script} ${args.join(" ")} ended with ${message}`);
  await ended;
  return message.measured!;
}
