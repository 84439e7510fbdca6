// What we aim at, as data: each is held against what was measured.
import type { Row, Work } from "../work.ts";
import { title as changes } from "../changes.ts";
import { bestOf, isFloor, isOurs, mineOf, titles, type Result } from "./results.ts";

/** What ours is to reach at a work. */
export interface Target {
  readonly suite: string;
  /** The title of the work. */
  readonly work: string;
  /** A peer by the beginning of its name. @default the best peer */
  readonly against?: string;
  /** How many times as good as that ours is to be. */
  readonly atLeast: number;
  /** The row of ours. @default "shelflife" */
  readonly row?: string;
  /** What else is to be said of it. */
  readonly note?: string;
}

const idb = { suite: "indexeddb" };
const local = { suite: "localstorage" };
const memory = { suite: "memory" };
const burstSet = { ...idb, work: "burst set, 100 B", against: "idb-keyval" };
const burstGet = { ...idb, work: "burst get, 100 B", against: "idb-keyval" };
const againAndAgain = { ...idb, work: "sequential get of 2,000 again and again, 100 B" };
const setJson = { ...memory, work: "sequential set, JSON with a ttl" };
const getJson = { ...memory, work: "sequential get, JSON with a ttl" };

/** All that we aim at. */
export const targets: readonly Target[] = [
  { ...burstSet, atLeast: 12 },
  { ...burstSet, atLeast: 100, note: "with small values packed" },
  { ...burstGet, atLeast: 2.2 },
  { ...burstGet, atLeast: 15, note: "with small values packed" },
  { ...idb, work: "burst set with a deadline each, 100 B", against: "idb-keyval", atLeast: 8, note: "which has none" },
  { ...idb, work: "sequential set, 100 B", atLeast: 1.1 },
  { ...idb, work: "sequential get, 100 B", atLeast: 1.2 },
  { ...idb, work: "sequential set of 1,000, 100 B", row: "shelflife, buffered, and its flush", atLeast: 8 },
  { ...idb, work: "setMany, 100 B", atLeast: 1 },
  { ...idb, work: "findMany, 100 B", atLeast: 1 },
  { ...idb, work: "listing 10,000 keys", atLeast: 1 },
  { ...idb, work: "sequential set, 1 MiB", atLeast: 1 },
  { ...idb, work: "sequential get, 1 MiB", atLeast: 1 },
  { ...idb, work: "mix: 64 callers, Zipf, 90 % get, half of the sets with a deadline", atLeast: 5 },
  { ...againAndAgain, row: "shelflife, cached", against: "idb-keyval", atLeast: 50 },
  { ...idb, work: "cold open to first value", against: "idb-keyval", atLeast: 1 },
  { ...local, work: "sequential set, 100 B", atLeast: 1.1 },
  { ...local, work: "sequential get, 100 B", atLeast: 1.1 },
  { ...local, work: "sequential set, 1 kB JSON", atLeast: 1.1 },
  { ...local, work: "sequential get, 1 kB JSON", atLeast: 1.1 },
  { ...setJson, against: "unstorage", atLeast: 1.5 },
  { ...setJson, against: "keyv", atLeast: 2.5 },
  { ...getJson, against: "unstorage", atLeast: 1.5 },
  { ...getJson, against: "keyv", atLeast: 2.5 },
  { ...memory, work: "sequential get, 100 B", against: "bare Map behind one await", atLeast: 0.4 },
  { ...memory, work: "sequential get of what is not there", against: "bare Map behind one await", atLeast: 0.4 },
  ...["memory", "sqlite", "indexeddb"].flatMap((suite) => [
    takes(suite, "transact of one key", 1.1),
    takes(suite, "transact of ten keys", 2),
  ]),
  grows("indexeddb", "growth: sequential set at random", "shelflife of 100,000", 1.5),
  grows("indexeddb", "growth: sequential get at random", "shelflife of 100,000", 1.5),
  grows("indexeddb", "growth: sequential get at random, nothing held", "shelflife of 100,000", 1.5),
  ...["memory: set", "memory: get", "SQLite: set", "SQLite: get"].map((what) =>
    grows("growth", `${what} at random`, "shelflife of 1,000,000", 1.3),
  ),
];

/** A large store beside a small one, and how many times the cost of that it may have. */
function grows(suite: string, work: string, row: string, atMost: number): Target {
  const atLeast = Math.round(100 / atMost) / 100;
  return { suite, work, row, against: "shelflife of 1,000", atLeast, note: `at most ${atMost} times the cost` };
}

/** A change of what is there beside `update` of one key, and how many times as long as that it may take. */
function takes(suite: string, way: string, atMost: number): Target {
  const atLeast = Math.round(100 / atMost) / 100;
  const note = `at most ${atMost} times as long`;
  return { suite, work: changes, row: `shelflife, ${way}`, against: "shelflife", atLeast, note };
}

/** What became of a target. */
interface Verdict {
  readonly target: Target;
  readonly peer?: string;
  readonly times?: number;
  /** Whether it was reached; nothing if it was not measured. */
  readonly isReached?: boolean;
}

/** Holds targets against what was measured. */
export function reach(results: readonly Result[], all: readonly Target[] = targets): Verdict[] {
  return all.map((target) => {
    const work = results.find(({ suite }) => suite === target.suite)?.works.find(({ title }) => title === target.work);
    const mine = work?.rows.find(({ peer }) => peer === (target.row ?? "shelflife"));
    // Of what has another name, such as one with a deadline each.
    const own = mine ?? (target.row || !work ? undefined : mineOf(work));
    const other = work && otherOf(work, target);
    if (!own || !other) return { target };
    // Both are to the first row of ours.
    const times = Math.round((other.ours / own.ours) * 100) / 100;
    return { target, peer: other.peer, times, isReached: times >= target.atLeast };
  });
}

function otherOf(work: Work, { against }: Target): Row | undefined {
  if (against !== undefined) return work.rows.find(({ peer }) => peer.startsWith(against));
  const peers = work.rows.filter((row) => !isOurs(row) && !isFloor(row));
  return bestOf(work, peers);
}

/** Writes down what we aim at and how far that is reached. */
export function writeTargets(results: readonly Result[]): string[] {
  const lines = ["| work | beside | aim: at least | reached | |", "|---|---|---|---|---|"];
  for (const { target, peer, times, isReached } of reach(results)) {
    const { suite, work, row, note, against, atLeast } = target;
    const what = `${titles[suite]}: ${work}${row ? ` (${row.replace(/^shelflife,? /, "")})` : ""}${note ? `, ${note}` : ""}`;
    const who = peer ?? against ?? "the best peer";
    const verdict = isReached === undefined ? "not measured" : isReached ? "yes" : "**no**";
    lines.push(`| ${what} | ${who} | ${atLeast} × | ${times === undefined ? "–" : `${text(times)} ×`} | ${verdict} |`);
  }
  return lines;
}

const text = (times: number): string => times.toFixed(times < 10 ? 2 : times < 100 ? 1 : 0);
