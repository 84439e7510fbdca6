import { andThen, attempt } from "../../core/attempt.ts";
import { checkFunction, checkItems } from "../../core/check.ts";
import { contend, outrun } from "../../core/contend.ts";
import type { Awaitable, CallOptions, Entry, Store, Value } from "../../core/contract.ts";
import { lend, setText } from "../../core/lending.ts";
import { isGiven, toBytes } from "../../core/value.ts";
import type { Codec } from "./codec.ts";
import { all, quiet } from "./steps.ts";
import { transactBy } from "./transact.ts";

/**
 * Returns a view of a store of bytes with the values of a codec. Atomic calls read, decode, decide, encode, and write if the bytes are
 * still the same, again until no other writer is faster; after 64 tries they reject `conflict`. An `update` or a `transact` is one
 * step of the store below where those of the codec take no time.
 */
export function createView<Out, In>(store: Store, codec: Codec<Out>): Store<Out, In> {
  const { encode, decode, match, isSync } = codec;

  const read =
    (name: "get" | "find") =>
    (key: string, call?: CallOptions): Promise<any> =>
      attempt(() =>
        andThen(lend(store, name, key, call), (stored) => (stored === undefined ? stored : decode(key, stored))),
      );

  const decoded = (key: string, entry: Entry | undefined): Awaitable<Entry<Out> | undefined> =>
    entry && quiet(andThen(decode(key, entry.value), (value) => ({ value, expiresAt: entry.expiresAt })));

  const view: Store<Out, In> = {
    ...store,
    get: read("get"),
    find: read("find"),
    entry: async (key, call) => decoded(key, await store.entry(key, call)),
    // Nobody else has what was encoded, bytes or text.
    set: async (key, value, call) => andThen(encode(key, value), (next) => setText(store, key, next as string, call)),
    findMany: async (keys, call) => {
      const wanted = checkItems(keys);
      const found = await store.findMany(wanted, call);
      return Promise.all(found.map((stored, index) => stored && quiet(decode(wanted[index]!, stored))));
    },
    setMany: async (items, call) => {
      const given = checkItems(items).map((item) => checkItems<any>(item));
      return andThen(all(given.map(([key, value]) => quiet(encode(key, value)))), (values) =>
        store.setMany(
          given.map(([key, , options], index) => [key, toBytes(values[index]!), options]),
          call,
        ),
      );
    },
    compareAndSet: async (key, expected, next, call) =>
      andThen(
        all<any>([quiet(encode(key, next)), expected === undefined ? expected : match(key, expected)]),
        ([value, isExpected]) =>
          isExpected
            ? contend(key, async () => {
                const stored = await store.find(key, call);
                return (
                  !!stored &&
                  (await isExpected(stored)) &&
                  ((await store.compareAndSet(key, stored, toBytes(value), call)) || outrun)
                );
              })
            : store.compareAndSet(key, undefined, toBytes(value), call),
      ),
    setIfAbsent: (key, value, call) => view.compareAndSet(key, undefined, value, call),
    // Not the store's own take: a value that cannot be decoded stays where it is.
    take: (key, call) =>
      contend(key, async () => {
        const stored = await store.find(key, call);
        const taken = stored && (await decode(key, stored));
        // What is past at once removes what is there.
        const isTaken = await store.compareAndSet(key, stored, stored ?? new Uint8Array(), { ...call, expiresAt: 0 });
        return isTaken ? taken : outrun;
      }),
    update: async (key, change, call) => {
      checkFunction(change);
      let next: any;
      if (isSync) {
        await store.update(
          key,
          (stored) => {
            next = change(stored && (decode(key, stored) as Out));
            return toBytes(next === undefined ? next : (encode(key, next) as Value));
          },
          call,
        );
        return next;
      }
      const choose = ([entry]: readonly (Entry<Out> | undefined)[]): any => {
        const value: any = change(entry?.value);
        return [value === undefined ? value : { ...(isGiven(call) ? call : entry), value }];
      };
      return (await view.transact([key], choose, call))[0]?.value as any;
    },
    async *entries(options) {
      for await (const entry of store.entries(options)) yield { ...entry, value: await decode(entry.key, entry.value) };
    },
    transact: async (keys, change, call) => {
      const wanted = checkItems(keys);
      checkFunction(change);
      const after = await transactBy(store, { encode, decode: decoded }, wanted, change, call);
      return Promise.all(after.map((entry, index) => decoded(wanted[index]!, entry)));
    },
  };
  return view;
}
