import type { Listed, Page } from "../../core/contract.ts";
import { readJson } from "./json.ts";
import { deadlineOf } from "./ttl.ts";

/** A page of a listing as it travels. */
export interface Lines {
  readonly entries: readonly (Pick<Listed, "key" | "size"> & { readonly ttl: number | null })[];
  readonly cursor?: string | undefined;
}

/** Returns a page as it travels, without what has expired. */
export function toLines({ entries, cursor }: Page, now: number): Lines {
  return {
    entries: entries
      .filter(({ expiresAt }) => expiresAt > now)
      .map(({ key, expiresAt, size }) => ({ key, ttl: expiresAt - now, size })),
    cursor,
  };
}

/** Reads a page that was asked for at `start`. */
export function readPage(bytes: Uint8Array, start: number): Page {
  const page: Lines = readJson(bytes);
  const entries = page.entries.map(({ ttl, ...entry }) => ({ ...entry, expiresAt: deadlineOf(ttl, start) }));
  return { ...(page as { cursor: string }), entries };
}
