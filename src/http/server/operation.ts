import type { Entry, Store } from "../../core/contract.ts";
import { keep } from "../wire/ttl.ts";
import type { Hash } from "./hash.ts";
import type { Action } from "./scope.ts";

/** What an operation is carried out on. */
export interface Subject {
  /** The part of the store that the request may see. */
  readonly store: Store;
  /** Aborts what is under way. Without one a call of the store costs less. */
  readonly signal?: AbortSignal | undefined;
  readonly hash: Hash;
  now(): number;
}

/** Returns the options of a call of the store. */
export const optionsOf = ({ signal }: Subject): { signal: AbortSignal } | undefined => signal && { signal };

/** An entry with the time that it has left: ms. */
export type LiveEntry = Entry & { readonly ttl: number };

/** The arguments that travel on a line of a batch. */
type LineArgument = "key" | "size" | "sizeOrNone" | "by" | "ttl" | "ttlOrKeep" | "tagOrNone";
/** The arguments that a request has in its query. */
const queryArguments = ["key", "by", "prefix", "limit", "cursor", "tags", "after"] as const;

export type Argument = LineArgument | (typeof queryArguments)[number] | "keys" | "items" | "steps";

/** One thing that can be done. */
export interface Operation {
  /** What its sender has to be allowed to do. */
  readonly needs: readonly Action[];
  /** Its arguments, in the order in which a line of a batch has them. */
  readonly takes: readonly Argument[];
}

/** One that is carried out on the store. What its sender may do is checked before. */
export interface Runnable<Given extends unknown[], Result> extends Operation {
  run(subject: Subject, ...given: Given): Promise<Result>;
}

const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumberOrNull = (value: unknown): boolean => value === null || typeof value === "number";

/** What an argument is like on a line of a batch. Whether it makes sense is for the store to say. */
export const shapes: Readonly<Record<LineArgument, (value: unknown) => boolean>> = {
  key: (value) => typeof value === "string",
  size: isSize,
  sizeOrNone: (value) => value === null || isSize(value),
  by: isNumberOrNull,
  ttl: isNumberOrNull,
  ttlOrKeep: (value) => value === keep || isNumberOrNull(value),
  tagOrNone: (value) => value === null || typeof value === "string",
};

/** Whether what a line of a batch has after its name is what goes with that. */
export function areArguments(given: readonly unknown[], takes: readonly Argument[]): boolean {
  return (
    takes.length === given.length && takes.every((argument, index) => shapes[argument as LineArgument](given[index]))
  );
}

/** Returns what the query of a request for an operation may have. */
export function parametersOf({ takes }: Operation): string[] {
  return takes.filter((argument) => (queryArguments as readonly string[]).includes(argument));
}
