import { andThen } from "../../core/attempt.ts";
import { checkChosen } from "../../core/check.ts";
import { contend, outrun } from "../../core/contend.ts";
import type { Awaitable, CallOptions, Entry, NewEntry, Store, Value } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { equalBytes, toBytes } from "../../core/value.ts";
import { all, quiet } from "./steps.ts";

type Entries<V = Uint8Array> = readonly (Entry<V> | undefined)[];

/** The steps of a codec, by whole entries where they are read. */
interface Steps {
  encode(key: string, value: unknown): Awaitable<Value>;
  decode(key: string, entry: Entry | undefined): Awaitable<Entry<any> | undefined>;
}

/**
 * Changes entries of a store in one step, decoded for `change` and encoded again; in two if that takes time, of which the second
 * writes if the bytes are still the same. Resolves with the entries that are there then.
 */
export function transactBy(
  store: Store,
  { encode, decode }: Steps,
  keys: readonly string[],
  change: (entries: Entries<any>) => readonly (NewEntry<any> | Entry<any> | undefined)[],
  call: CallOptions | undefined,
): Promise<Entries> {
  /** Returns what is to be written over the entries that are there when it is written. */
  function decide(given: Entries<any>): Awaitable<(now: Entries) => any> {
    given.forEach(Object.freeze);
    const chosen = checkChosen<any>(change([...given]), keys.length);
    const encoded = chosen.map((entry, index) =>
      entry && entry !== given[index] ? quiet(encode(keys[index]!, entry.value)) : "",
    );
    return andThen(
      all(encoded),
      (values) => (now) =>
        chosen.map((entry, index) => {
          const old = given[index];
          if (entry === old) return now[index];
          // A deadline that stays is the one that is there by now.
          const kept = entry?.expiresAt === old?.expiresAt && now[index];
          return entry && { ...entry, ...kept, value: toBytes(values[index]!) };
        }),
    );
  }

  return contend(keys[0]!, async () => {
    let before: Entries;
    let deciding = undefined as Awaitable<(now: Entries) => any> | undefined;
    const first = await store.transact(
      keys,
      (now) => {
        before = now;
        deciding = quiet(andThen(all(now.map((entry, index) => decode(keys[index]!, entry))), decide));
        return deciding instanceof Promise ? now : deciding(now);
      },
      call,
    );
    if (!(deciding instanceof Promise)) return first;
    const write = await deciding;
    let isSame: boolean;
    let isOver = false;
    const second = await store.transact(
      keys,
      (now) => {
        isSame = now.every((entry, index) => equalBytes(entry?.value, before[index]?.value));
        if (isSame) return write(now);
        // An offline store asks again when there is something newer on its remote. To leave that would lose what was acknowledged.
        if (isOver) throw new StoreError("conflict", "Cannot decide again: expected what was read before");
        return now;
      },
      call,
    );
    isOver = true;
    return isSame! ? second : outrun;
  });
}
