import { StoreError } from "../../../src/core/error.ts";
import type { Chance } from "./chance.ts";
import type { Ledger } from "./ledger.ts";

/** What the server has under a key. The text names it, so that it is its own tag. */
export interface Stored {
  readonly text: string;
  /** By the clock of the server: epoch ms. */
  readonly expiresAt: number;
}

/** What is to be done with a key, as it comes over the wire. */
export interface Wish {
  readonly kind: "write" | "add" | "touch";
  readonly key: string;
  readonly text?: string | undefined;
  readonly tag?: string | undefined;
  readonly by?: number | undefined;
  /** How long it is to live: ms. */
  readonly left: number;
}

export interface Answer {
  readonly isDone: boolean;
  readonly now?: Stored | undefined;
  readonly error?: StoreError | undefined;
}

/** What the store of the server has, and the log of its changes. */
export interface Data {
  find(key: string): Stored | undefined;
  keys(): string[];
  run(wish: Wish, client: string, isFull: boolean): Answer;
  since(bookmark: string | undefined): { keys?: readonly string[] | undefined; bookmark: string };
  trim(): void;
  save(): ReadonlyMap<string, Stored>;
  restore(saved: ReadonlyMap<string, Stored>): void;
}

export function createData(chance: Chance, ledger: Ledger, time: () => number): Data {
  let data = new Map<string, Stored>();
  let log: { readonly id: string; readonly key: string }[] = [];
  let start = chance.word();

  function find(key: string): Stored | undefined {
    const stored = data.get(key);
    return stored && stored.expiresAt > time() ? stored : undefined;
  }

  function put(key: string, stored: Stored | undefined): void {
    if (stored && stored.expiresAt > time()) data.set(key, stored);
    else data.delete(key);
    log.push({ id: chance.word(), key });
  }

  return {
    find,
    keys: () => [...data.keys()].sort().filter(find),
    run({ kind, key, text, tag, by, left }: Wish, client: string, isFull: boolean): Answer {
      const found = find(key);
      const expiresAt = time() + left;
      if (isFull) return { isDone: false, error: new StoreError("quota-exceeded", "Server is full: expected room") };
      if (ledger.isPoison(key, text, by))
        return { isDone: false, error: new StoreError("invalid-argument", "Poison: expected another value") };
      if (kind === "write") {
        if (found?.text !== tag) return { isDone: false, now: found };
        ledger.applied(client, key, text, undefined, found?.text);
        put(key, text === undefined ? undefined : { text, expiresAt });
        return { isDone: true, now: find(key) };
      }
      if (kind === "touch") {
        if (found) put(key, { ...found, expiresAt });
        return { isDone: !!found, now: find(key) };
      }
      ledger.applied(client, key, undefined, by);
      put(key, { text: `${+(found?.text ?? 0) + by!}`, expiresAt: found?.expiresAt ?? expiresAt });
      return { isDone: true, now: find(key) };
    },
    since(after) {
      const bookmark = log.at(-1)?.id ?? start;
      const at = after === start ? 0 : log.findIndex(({ id }) => id === after) + 1;
      const isKnown = after === start || at > 0;
      return { bookmark, ...(isKnown && { keys: [...new Set(log.slice(at).map(({ key }) => key))] }) };
    },
    trim() {
      const gone = log.splice(0, chance.below(log.length + 1));
      // The last that is gone is known no more.
      if (gone[0]) start = chance.word();
    },
    save: () => new Map(data),
    restore(saved) {
      data = new Map(saved);
      log = [];
      start = chance.word();
    },
  };
}
