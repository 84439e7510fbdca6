import type { Book, Deed } from "./deeds.ts";

/** What a client has put an end to, which is not to come back to it. */
export interface Burials {
  bury(deed: Deed): void;
  /** What a client has put an end to under a key. */
  of(client: string, key: string): ReadonlySet<number>;
  /** What a deed has put an end to may be there after all, and what those had that it stands for. */
  lift(deed: Deed): void;
  /** All that a client has put an end to under a key may be there after all. */
  liftAll(client: string, key: string): void;
  /** Whether a client has put an end to something that cannot be there again. */
  isOver(client: string, key: string, id: number): boolean;
  /** The server has done something again, or for the first time. */
  applied(id: number): void;
  /** The server has gone back: some of what it had done is undone, and some is there again. */
  restored(undone: Iterable<number>, there: Iterable<number>): void;
}

export function createBurials({ deeds }: Book, isApplied: (id: number) => boolean): Burials {
  const buried = new Map<string, Set<number>>();
  // What was applied and is not in what the server has gone back to: it may be applied once more.
  const undone = new Set<number>();
  const of = (client: string, key: string): Set<number> => buried.get(`${client} ${key}`) ?? new Set();
  const forget = (id: number): void => buried.forEach((gone) => gone.delete(id));
  return {
    bury: ({ client, key, saw }) => void buried.set(`${client} ${key}`, new Set([...of(client, key), ...saw])),
    of,
    lift({ client, key, order = Infinity }) {
      for (const deed of deeds.values())
        if (deed.client === client && deed.key === key && deed.order! <= order && !isApplied(deed.id))
          for (const saw of deed.saw) of(client, key).delete(saw);
    },
    liftAll: (client, key) => of(client, key).clear(),
    isOver: (client, key, id) => of(client, key).has(id) && !undone.has(id),
    applied(id) {
      if (undone.delete(id)) forget(id);
    },
    restored(gone, there) {
      for (const id of gone) undone.add(id);
      for (const id of there) forget(id);
    },
  };
}
