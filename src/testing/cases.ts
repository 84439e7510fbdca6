import type { Case } from "./case.ts";
import { atomics } from "./cases/atomics.ts";
import { changes } from "./cases/changes.ts";
import { deadlines } from "./cases/deadlines.ts";
import { entries } from "./cases/entries.ts";
import { expiry } from "./cases/expiry.ts";
import { lifecycle } from "./cases/lifecycle.ts";
import { listing } from "./cases/listing.ts";
import { transactions } from "./cases/transact.ts";
import { values } from "./cases/values.ts";

/**
 * The contract: every sentence that a store has to keep, each with its proof.
 *
 * @example Counts what a store has to keep.
 * ```ts
 * import { cases } from "shelflife/testing";
 *
 * console.log(cases.length > 90, cases.every(({ name }) => name.length > 0)); // true true
 * ```
 */
export const cases: readonly Case[] = [
  ...values,
  ...expiry,
  ...deadlines,
  ...atomics,
  ...transactions,
  ...listing,
  ...entries,
  ...changes,
  ...lifecycle,
];
