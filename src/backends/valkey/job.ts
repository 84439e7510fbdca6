import type { Reader, Step } from "./step.ts";

/**
 * What is asked for: one step, or several that belong together. All jobs are of one shape, and settle without a promise in
 * between: ten thousand in one tick are not rare.
 */
export interface Job {
  readonly step: Step;
  /** The steps that belong to it, {@link none} for a step alone. */
  readonly others: readonly Step[];
  readonly signal: AbortSignal | undefined;
  readonly read: Reader<unknown>;
  readonly resolve: (result: any) => void;
  readonly reject: (error: unknown) => void;
  /** When it first failed: ms of the process, 0 for not yet. */
  failedAt: number;
  isRepeated: boolean;
  /** Whether a short script declined it. */
  isOdd: boolean;
}

/** The others of a step that is alone. */
export const none: readonly Step[] = [];

// Steps that change nothing, and can be repeated.
const reads: ReadonlySet<Step["name"]> = new Set(["get", "head"]);

/** Whether a job changes nothing, so that it may be repeated when nobody knows whether it was done. */
export function isRead({ step, others }: Job): boolean {
  return reads.has(step.name) && others.every(({ name }) => reads.has(name));
}

/** The key that a job is about, if it is about one alone. */
export function keyOf({ step, others }: Job): string | undefined {
  return others === none ? step.key : undefined;
}
