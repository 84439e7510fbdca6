import type { ListOptions, Page } from "../../core/contract.ts";
import type { TaggedListed } from "../wire/page.ts";
import type { Runnable, Subject } from "./operation.ts";
import { readEach } from "./readEach.ts";
import type { Room } from "./room.ts";

/** A page of a listing with the tag of each value. */
export type TaggedPage = Page & { readonly entries: readonly TaggedListed[] };

/**
 * Lists entries with the tags of their values, which are read for that, few at a time. A page ends where more would have to be
 * read than fits together: its client does not wait for ever.
 */
export const listTagged: Runnable<[options: ListOptions, room: Room], TaggedPage> = {
  needs: ["list", "read"],
  takes: ["prefix", "limit", "cursor", "tags"],
  async run(subject, options, room) {
    const { entries, cursor } = await listFitting(subject, options, room.maxBytes);
    const found: TaggedListed[] = [];
    // What the listing says of sizes may not be so any more, or nothing.
    await readEach(
      subject,
      entries.map(({ key }) => key),
      room,
      // With its deadline, so that a tag does not go out with that of another value.
      async (index, entry) => {
        const { key } = entries[index]!;
        if (entry)
          found[index] = {
            key,
            expiresAt: entry.expiresAt,
            size: entry.value.length,
            tag: await subject.hash(entry.value),
          };
      },
      entries.map(({ size }) => size),
    );
    // Without those that were removed meanwhile.
    return { entries: found.filter(Boolean), cursor };
  },
};

/** Lists as many entries as have no more bytes together than that, but one at least. */
async function listFitting({ store, signal }: Subject, options: ListOptions, most: number): Promise<Page> {
  const page = await store.list({ ...options, signal });
  let sum = 0;
  const count = page.entries.findIndex(({ size = 0 }) => (sum += size) > most);
  return count < 0 || page.entries.length === 1 ? page : store.list({ ...options, limit: Math.max(1, count), signal });
}
