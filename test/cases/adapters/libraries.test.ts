import { fromKeyv } from "../../../src/adapters/keyv.ts";
import { fromStrings, strings } from "../../../src/adapters/strings.ts";
import { fromUnstorage } from "../../../src/adapters/unstorage.ts";
import { memory } from "../../../src/backends/memory.ts";
import * as testing from "../../../src/testing.ts";
import type { Subject } from "../../../src/testing.ts";
import { load } from "../../peers/load.ts";
import { defineCases } from "../../support/defineCases.ts";

const { Keyv } = await load("keyv");
const { Keyv: Keyv6 } = await load("keyv-6");
const { default: Keyv4 } = await load("keyv-4");
const { createStorage } = await load("unstorage");

type Options = Parameters<Subject["open"]>[1];

/** A subject of stores over an object of a library's, one for each medium. */
function subject<T extends object>(
  name: string,
  make: () => T,
  open: (object: T, options: { exclusive: true } & Options) => ReturnType<Subject<Uint8Array>["open"]>,
  more: Subject["can"] = [],
): Subject<Uint8Array> {
  const objects = new Map<string, T>();
  return {
    name,
    can: ["atomic", "list", "sweep", "watch", "bytes", "shared", ...more],
    rounds: 100,
    open(medium, options) {
      const object = objects.get(medium) ?? make();
      objects.set(medium, object);
      return open(object, { ...options, exclusive: true });
    },
  };
}

defineCases(testing, [
  subject("fromStrings", () => strings(memory()), fromStrings, ["persistent"]),
  subject("fromUnstorage", () => createStorage(), fromUnstorage),
  subject("fromKeyv over version 4", () => new Keyv4(), fromKeyv),
  subject("fromKeyv over version 5", () => new Keyv(), fromKeyv),
  subject("fromKeyv over version 6", () => new Keyv6(), fromKeyv),
]);
