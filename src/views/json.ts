import { checkCall, checkFunction, checkItems, checkStore } from "../core/check.ts";
import type { CallOptions, Entry, Store } from "../core/contract.ts";
import { StoreError } from "../core/error.ts";
import { lend, setText } from "../core/lending.ts";
import { toBytes } from "../core/value.ts";
import { createCodec } from "./json/codec.ts";
import { checkSchema, type Schema } from "./json/schema.ts";
import { createTransact } from "./json/transact.ts";
import { prefix } from "./prefix.ts";

export type { Schema, SchemaResult } from "./json/schema.ts";

/** How {@link json} sees a store. */
export interface JsonOptions<Out, In = Out> {
  /** What the keys of the view begin with in the store, as in `prefix`. */
  prefix?: string | undefined;
  /** What every value has to be, on the way in and on the way out. */
  schema?: Schema<Out, In> | undefined;
}

/**
 * Returns a view of a store with JSON values in place of bytes. What does not encode, or would not pass the schema when
 * read back, is `cant-encode`; stored bytes that do not parse or pass are `cant-decode`; each names the key. Two values
 * are equal for `compareAndSet` when they are the same JSON, whatever the order of their properties. A schema that
 * validates asynchronously cannot be used within `update` and `take`, which are then `unsupported`. With a schema that
 * transforms, reads give its output and writes take its input, which is what is stored. Closing the view
 * closes the store.
 *
 * A value that JSON would turn into another without a word is `cant-encode`, too: a promise (an asynchronous function given
 * to `update`, say), `NaN`, an infinity, an invalid Date, and any object that is neither plain nor an array nor of a class of
 * yours: a Map, a Set, a typed array, an Error, a RegExp. What has a `toJSON`, as a Date or a URL has, speaks for itself.
 *
 * The parts of an object or an array follow JSON's own rules. `undefined`, functions and symbols are left out of an object and
 * are `null` in an array, `NaN` and infinities are `null`, -0 is 0, a Date is its text, a Map, a Set, a promise, an Error or a
 * RegExp is `{}`, and a typed array an object with a property for each element. Of an object its own enumerable properties
 * are kept, without its class. A BigInt or a cycle is `cant-encode`. A schema checks what a reader will get, so it finds what got lost.
 */
export function json<Out = unknown, In = Out>(store: Store, options: JsonOptions<Out, In> = {}): Store<Out, In> {
  checkStore(store);
  checkCall(options);
  checkSchema(options.schema);
  const bytes = options.prefix === undefined ? store : prefix(store, options.prefix);
  const { canonical, decode, stringify, encode } = createCodec(options.schema);

  /** Continues with encodings in the same turn if it can, so that calls keep their order. */
  async function encoded<R>(
    items: readonly (readonly [key: string, value: unknown, ...unknown[]])[],
    then: (encodings: readonly Uint8Array[]) => R | Promise<R>,
  ): Promise<R> {
    const texts = items.map(([key, value]) => encode(key, value));
    const isAsync = texts.some((text) => text instanceof Promise);
    return then((isAsync ? await Promise.all(texts) : (texts as string[])).map((text) => toBytes(text)));
  }

  async function read(name: "get" | "find", key: string, call: CallOptions | undefined): Promise<Out | undefined> {
    const lent = lend(bytes, name, key, call);
    const value = lent instanceof Promise ? await lent : lent;
    return value === undefined ? value : decode(key, value);
  }

  async function decoded(key: string, { value, expiresAt }: Entry): Promise<Entry<Out>> {
    return { value: await decode(key, value), expiresAt };
  }

  const view: Store<Out, In> = {
    ...bytes,
    get: (key, call) => read("get", key, call) as Promise<Out>,
    find: (key, call) => read("find", key, call),
    entry: async (key, call) => {
      const entry = await bytes.entry(key, call);
      return entry && decoded(key, entry);
    },
    set: async (key, value, call) => {
      const text = encode(key, value);
      return setText(bytes, key, text instanceof Promise ? await text : text, call);
    },
    findMany: async (keys, call) => {
      const wanted = checkItems(keys);
      const found = await bytes.findMany(wanted, call);
      return Promise.all(found.map((value, index) => value && decode(wanted[index]!, value)));
    },
    setMany: async (items, call) => {
      const given = checkItems(items).map((item) => checkItems<any>(item));
      return encoded(given as [string, unknown][], (encodings) =>
        bytes.setMany(
          given.map(([key, , itemOptions], index) => [key, encodings[index]!, itemOptions]),
          call,
        ),
      );
    },
    compareAndSet: (key, expected, next, call) =>
      encoded([[key, next]], async ([encoding]) => {
        if (expected === undefined) return bytes.compareAndSet(key, undefined, encoding!, call);
        const wanted = canonical(key, stringify(key, expected));
        const other = new Error("Another value");
        try {
          await bytes.update(
            key,
            (current) => {
              if (current && canonical(key, current) === wanted) return encoding;
              throw other;
            },
            call,
          );
        } catch (error) {
          if (error === other) return false;
          throw error;
        }
        return true;
      }),
    setIfAbsent: (key, value, call) => encoded([[key, value]], ([encoding]) => bytes.setIfAbsent(key, encoding!, call)),
    take: async (key, call) => {
      let taken: Out | undefined;
      // Not the store's own take: a value that cannot be decoded stays where it is.
      await bytes.update(
        key,
        (current) => {
          taken = current && sync(decode(key, current));
          return undefined;
        },
        call,
      );
      return taken;
    },
    update: async (key, change, call) => {
      checkFunction(change);
      let next: any;
      await bytes.update(
        key,
        (current) => {
          next = change(current && sync(decode(key, current)));
          if (next === undefined) return undefined;
          return toBytes(sync(encode(key, next, (valid) => (next = valid))));
        },
        call,
      );
      return next;
    },
    async *entries(options) {
      for await (const { key, ...entry } of bytes.entries(options)) yield { key, ...(await decoded(key, entry)) };
    },
    transact: createTransact<Out, In>(
      bytes,
      { decode: (key, value) => sync(decode(key, value)), encode: (key, value) => sync(encode(key, value)) },
      decoded,
    ),
  };
  return view;
}

/** Returns a result that is there; throws `unsupported` for the promise of one. */
function sync<R>(result: R | Promise<R>): R {
  if (!(result instanceof Promise)) return result;
  result.catch(() => {});
  throw new StoreError("unsupported", "Schema validates asynchronously: expected a synchronous one for an atomic call");
}
