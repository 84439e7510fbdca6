import { checkCall } from "../core/check.ts";
import type { Lifetime, Store } from "../core/contract.ts";
import { check } from "../core/error.ts";
import { milliseconds } from "../core/options.ts";
import { cursorOf, type IteratorOptions } from "./level/iterator.ts";
import type { Range } from "./level/range.ts";
import { idOf, list, read, record } from "./level/records.ts";
import { peerOf } from "./peer/peer.ts";

/** The classes of `abstract-level` of which a database is made: the module as it is imported. */
export interface LevelClasses {
  readonly AbstractLevel: abstract new (...args: any[]) => any;
  readonly AbstractIterator: abstract new (...args: any[]) => any;
}

/** How {@link level} keeps entries. */
export interface LevelOptions {
  /** How long an entry lives from when it was last put: ms. @default for ever */
  ttl?: number | undefined;
  /** What the keys begin with in the store. @default "" */
  prefix?: string | undefined;
  /** How keys are encoded, by a name or an encoding of Level's. @default "utf8" */
  keyEncoding?: any;
  /** How values are encoded, by a name or an encoding of Level's. @default "utf8" */
  valueEncoding?: any;
}

/** One of the writes of a batch, encoded. */
type Operation = { key: Uint8Array } & ({ type: "put"; value: Uint8Array } | { type: "del" }) & Lifetime;

/**
 * Returns a database of Level over a store: of `abstract-level` 3, with its encodings, sublevels, hooks, events and iterators. Keys are any
 * bytes, in Level's order. A `put` and the operations of a `batch` take `ttl` (ms) or `expiresAt` (epoch ms), too. A batch is
 * all or nothing wherever `setMany` of the store is. To close the database leaves the store open, so that it can be opened again; the
 * store is yours to close.
 *
 * A store lists keys in no promised order, so an iterator reads the keys of its range first, of all those that begin as both its ends
 * do, and sorts them: `limit: 1` costs what the range does. Values come in pages of 100 as they are asked for; there are no snapshots.
 *
 * In the store a key that is UTF-8 of 1 to 256 UTF-16 units lies as that text, any other behind its hash.
 *
 * @example Lists a range of a sublevel.
 * ```ts
 * import { memory } from "shelflife";
 * import { level } from "shelflife/adapters/level";
 * import * as abstractLevel from "abstract-level";
 *
 * const db = level(memory(), abstractLevel);
 * const users = db.sublevel<string, { born: number }>("users", { valueEncoding: "json" });
 * await users.batch([
 *   { type: "put", key: "ada", value: { born: 1815 } },
 *   { type: "put", key: "bob", value: { born: 1990 } },
 * ]);
 * for await (const [key, value] of users.iterator({ lt: "b" }))
 *   console.log(key, value); // ada { born: 1815 }
 * ```
 */
export function level<Classes extends LevelClasses>(
  store: Store,
  classes: Classes,
  options: LevelOptions = {},
): InstanceType<Classes["AbstractLevel"]> {
  const { ttl, prefix, ...encodings } = checkCall<LevelOptions>(options);
  check(ttl === undefined || milliseconds.test(ttl), "ttl", milliseconds.expected, ttl);
  for (const name of ["AbstractLevel", "AbstractIterator"] as const)
    check(typeof classes?.[name] === "function", name, "the class of abstract-level", classes?.[name]);
  const peer = peerOf(store, prefix);
  const { AbstractLevel, AbstractIterator } = classes as unknown as Record<
    keyof LevelClasses,
    new (...args: any[]) => any
  >;

  const lifetime = (given: Lifetime): Lifetime => ({
    ttl: given.ttl ?? (given.expiresAt === undefined ? ttl : undefined),
    expiresAt: given.expiresAt,
  });

  const idsOf = async (keys: readonly Uint8Array[]): Promise<string[]> =>
    Promise.all(keys.map((key) => idOf(peer, key)));

  class StoreIterator extends AbstractIterator {
    readonly #cursor;

    constructor(db: unknown, given: IteratorOptions) {
      super(db, given);
      this.#cursor = cursorOf(peer, given);
    }

    _next = async () => this.#cursor.next();
    _seek = (key: Uint8Array): void => this.#cursor.seek(key);
  }

  class StoreLevel extends AbstractLevel {
    readonly type = "shelflife";

    constructor() {
      const permanence = store.isPersistent();
      super({ encodings: { view: true }, has: true, implicitSnapshots: false, permanence }, encodings);
    }

    async _get(key: Uint8Array): Promise<Uint8Array | undefined> {
      const [value] = await this._getMany([key]);
      return value;
    }

    async _getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
      return read(peer, await idsOf(keys));
    }

    async _has(key: Uint8Array): Promise<boolean> {
      return store.has(await idOf(peer, key));
    }

    async _hasMany(keys: Uint8Array[]): Promise<boolean[]> {
      return Promise.all(keys.map((key) => this._has(key)));
    }

    async _put(key: Uint8Array, value: Uint8Array, given: Lifetime): Promise<void> {
      await store.set(...(await record(peer, key, value)), lifetime(given));
    }

    async _del(key: Uint8Array): Promise<void> {
      await store.deleteMany([await idOf(peer, key)]);
    }

    async _batch(operations: readonly Operation[], given: Lifetime): Promise<void> {
      const items = operations.map(async (operation) => {
        // A deadline that is past leaves no value: this way removing is part of the same step.
        if (operation.type === "del")
          return [await idOf(peer, operation.key), new Uint8Array(), { expiresAt: 0 }] as const;
        return [...(await record(peer, operation.key, operation.value)), lifetime({ ...given, ...operation })] as const;
      });
      await store.setMany(await Promise.all(items));
    }

    async _clear(range: Range & { reverse: boolean; limit: number }): Promise<void> {
      const { gt, gte, lt, lte, limit } = range;
      if (!(gt ?? gte ?? lt ?? lte) && limit < 0) return store.clear({ prefix });
      const places = await list(peer, range);
      await store.deleteMany(places.slice(0, limit < 0 ? undefined : limit).map(({ id }) => id));
    }

    _iterator(given: IteratorOptions): unknown {
      return new StoreIterator(this, given);
    }
  }

  return new StoreLevel() as InstanceType<Classes["AbstractLevel"]>;
}
