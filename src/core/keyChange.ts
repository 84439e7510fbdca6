import type { Change } from "./contract.ts";

/** A change of one key. */
export type KeyChange = Extract<Change, { readonly key: string }>;
