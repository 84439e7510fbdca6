import type { Entry, Listed } from "../../core/contract.ts";

/** What a step is given. A number is a deadline by the store's clock, `Infinity` for never. */
export type Arg = string | number | Uint8Array;

/** One step about one key, as the scripts do it: its name there, and what it takes. */
export interface Step {
  readonly name: "get" | "head" | "set" | "delete" | "expire" | "take" | "add" | "touch" | "swap" | "expect" | "put";
  readonly key: string;
  readonly args: readonly Arg[];
}

/** Of steps that take nothing but a key. */
export const noArgs: readonly Arg[] = [];

/** Returns the same step for each of some keys. */
export function stepsOf(name: Step["name"], keys: readonly string[]): Step[] {
  return keys.map((key) => ({ name, key, args: noArgs }));
}

/** Reads the two replies to a step, of a server whose clock is that far ahead of ours. */
export type Reader<R> = (first: unknown, second: unknown, skew: number) => R;

/** The second reply of a step that found no live value. */
export const absent = -2;
/** The second reply of a step which has to be done in another way. */
export const declined = -3;
/** The second reply of a step that failed; the first is the message of the server. */
export const failed = -4;

/** The deadline that a step returned. */
function readDeadline(second: unknown, skew: number): number {
  return second === -1 ? Infinity : Number(second) - skew;
}

/** The entry that a step found. */
export function readEntry(value: unknown, second: unknown, skew: number): Entry | undefined {
  if (second === absent) return undefined;
  return { value: value as Uint8Array, expiresAt: readDeadline(second, skew) };
}

/** What a step found out about an entry without its value. */
export function readHead(size: unknown, second: unknown, skew: number): Omit<Listed, "key"> | undefined {
  if (second === absent) return undefined;
  // What another client put there need not be a string.
  return { expiresAt: readDeadline(second, skew), ...(typeof size === "number" && { size }) };
}

/** Whether a step did something. */
export function readDone(first: unknown): boolean {
  return first === 1;
}

/** The value that a step removed. */
export function readTaken(value: unknown, second: unknown): Uint8Array | undefined {
  return second === absent ? undefined : new Uint8Array(value as Uint8Array);
}

/** Reads nothing: a step that did not fail was done. */
export function readNothing(): void {}
