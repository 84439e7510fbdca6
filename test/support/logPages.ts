import type { LogPage, Store } from "../../src/core/contract.ts";
import { lentBy } from "../../src/core/lending.ts";

/** Reads the log that a store's medium keeps after a position, or where it ends. */
export async function read(store: Store, after?: string, prefix = "", limit = 1000): Promise<LogPage | undefined> {
  const medium = lentBy(store, "transact")!;
  return medium.run(undefined, (call) => medium.backend.changes!({ after, prefix, limit }, call));
}

/** The position at the end. */
export async function endOf(store: Store): Promise<string> {
  return (await read(store))!.position;
}

const show = (changes: LogPage["changes"]): string[] | undefined => changes?.map(({ type, key }) => `${type} ${key}`);

/** The changes after a position, as "set a"; nothing where that is not known. */
export async function since(store: Store, after: string): Promise<string[] | undefined> {
  return show((await read(store, after))!.changes);
}

/** The same of a prefix, page by page, and the position that is reached. */
export async function sinceInPages(
  store: Store,
  after: string,
  prefix: string,
  limit: number,
): Promise<{ changes: string[]; position: string }> {
  const changes: string[] = [];
  let position = after;
  for (let isLast = false; !isLast;) {
    const page = (await read(store, position, prefix, limit))!;
    changes.push(...show(page.changes)!);
    ({ position, isLast } = page);
  }
  return { changes, position };
}
