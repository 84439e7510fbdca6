import type { Listed, Page } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { expectComplete, isCount } from "../wire/complete.ts";
import { readJson } from "../wire/json.ts";
import type { PageParameters } from "../wire/page.ts";

/** Reads the answer that has nothing to say but that it is done. Throws if it has more. */
export function readNothing({ length }: Uint8Array): void {
  expectComplete(!length);
}

/** Reads whether something was done. Throws if it says neither. */
export function readWhether(bytes: Uint8Array): boolean {
  const isDone: unknown = readJson(bytes);
  expectComplete(typeof isDone === "boolean");
  return isDone as boolean;
}

/** Reads how many entries were removed. Throws if that is no count of so many. */
export function readCount(bytes: Uint8Array, most: number = Infinity): number {
  const count: unknown = readJson(bytes);
  expectComplete(isCount(count) && count <= most);
  return count as number;
}

// What is on a page may expire on the way. So many in a row do not.
const mostEmptyPages = 100;

interface Paged extends Pick<Page, "cursor"> {
  readonly entries: readonly Pick<Listed, "expiresAt">[];
}

/** Asks for pages until one has a live entry or is the last. Rejects `unavailable` when too many have none. */
export async function findPage<P extends Paged>(
  parameters: PageParameters,
  now: () => number,
  ask: (parameters: PageParameters) => Promise<P>,
): Promise<P> {
  let { cursor } = parameters;
  for (let count = 0; count < mostEmptyPages; count++) {
    const page = await ask({ ...parameters, cursor });
    ({ cursor } = page);
    if (cursor === undefined || page.entries.some(({ expiresAt }) => expiresAt > now())) return page;
  }
  throw new StoreError("unavailable", `Cannot list: expected entries, got ${mostEmptyPages} empty pages in a row`);
}
