import { checkCall, checkStore } from "../core/check.ts";
import type { Store } from "../core/contract.ts";
import { createView } from "./codec/createView.ts";
import { createCodec } from "./json/codec.ts";
import { checkSchema, type Schema } from "./json/schema.ts";
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
 * are equal for `compareAndSet` when they are the same JSON, whatever the order of their properties. With a schema that
 * transforms, reads give its output and writes take its input, which is what is stored. With one that validates
 * asynchronously an `update` or a `transact` reads, decides, and writes if the bytes are still the same, again until no
 * other writer is faster, as `take` and `compareAndSet` do with any; after 64 tries they reject `conflict`. Closing the
 * view closes the store.
 *
 * A value that JSON would turn into another without a word is `cant-encode`, too: a promise (an asynchronous function
 * given to `update`, say), `NaN`, an infinity, an invalid Date, and any object that is neither plain nor an array nor
 * of a class of yours: a Map, a Set, a typed array, an Error, a RegExp. What has a `toJSON`, as a Date or a URL has,
 * speaks for itself.
 *
 * The parts of an object or an array follow JSON's own rules. `undefined`, functions and symbols are left out of an
 * object and are `null` in an array, `NaN` and infinities are `null`, -0 is 0, a Date is its text, a Map, a Set, a
 * promise, an Error or a RegExp is `{}`, and a typed array an object with a property for each element. Of an object its
 * own enumerable properties are kept, without its class. A BigInt or a cycle is `cant-encode`. A schema checks what a
 * reader will get, so it finds what got lost.
 *
 * @example Keeps objects, and says what they are.
 * ```ts
 * import { json, memory } from "shelflife";
 *
 * const carts = json<{ items: string[] }>(memory(), { prefix: "cart/" });
 * await carts.set("ada", { items: ["tea"] }, { ttl: 30 * 60_000 });
 * await carts.update("ada", (cart) => ({ items: [...(cart?.items ?? []), "milk"] }));
 * console.log(await carts.get("ada")); // { items: [ 'tea', 'milk' ] }
 * ```
 */
export function json<Out = unknown, In = Out>(store: Store, options: JsonOptions<Out, In> = {}): Store<Out, In> {
  checkStore(store);
  checkCall(options);
  checkSchema(options.schema);
  return createView(options.prefix === undefined ? store : prefix(store, options.prefix), createCodec(options.schema));
}
