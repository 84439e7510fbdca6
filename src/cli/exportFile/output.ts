import type { Hash } from "node:crypto";
import type { World } from "../world.ts";
import { writeEnd } from "./format.ts";

/** How far an export has come. */
export interface Position {
  /** Where it goes on, if it had begun. */
  readonly cursor: string | undefined;
  /** How many entries it has. */
  readonly count: number;
  /** How much of the file counts: bytes. */
  readonly endsAt: number;
  /** Whether there is nothing left to do. */
  readonly isWhole: boolean;
}

/** Where an export begins. */
export const start: Position = { cursor: undefined, count: 0, endsAt: 0, isWhole: false };

/** Where an export goes. */
export interface Output {
  /** How many entries it has. */
  count: number;
  /** Where the export goes on, if it had begun. */
  readonly cursor: string | undefined;
  /** Whether there is nothing left to do. */
  readonly isWhole: boolean;
  /** Writes lines; resolves when they are taken. */
  write(lines: string): Promise<void>;
  /** Writes the last line, which makes the export whole. */
  end(): Promise<void>;
  /** Resolves when it is kept. What should replace a file and has no end leaves that as it was. */
  close(): Promise<void>;
}

/** Returns an output that goes on from a position, with the hash of what is before it. */
export function createOutput(
  position: Position,
  hash: Hash,
  write: (lines: string) => Promise<void>,
  close: (hasEnd: boolean) => Promise<void> = () => Promise.resolve(),
): Output {
  let hasEnd = false;
  const output: Output = {
    ...position,
    async write(lines) {
      hash.update(lines);
      if (lines) await write(lines);
    },
    async end() {
      await write(writeEnd(output.count, hash));
      hasEnd = true;
    },
    close: () => close(hasEnd),
  };
  return output;
}

/** Returns the output of the command. */
export async function writeOutput(world: World): Promise<Output> {
  return createOutput(start, await createHash(), (lines) => world.write(lines));
}

/** Returns the hash of no bytes yet. */
export async function createHash(): Promise<Hash> {
  return (await import("node:crypto")).createHash("sha256");
}
