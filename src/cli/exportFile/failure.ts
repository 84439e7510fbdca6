import { quote, StoreError } from "../../core/error.ts";
import { reasonOf } from "../reasonOf.ts";

/** Returns the error of a call on the file of an export. */
export function failure(name: string, cause: unknown): StoreError {
  return new StoreError("unavailable", `Cannot export to ${quote(name)}: ${reasonOf(cause)}`, { cause });
}
