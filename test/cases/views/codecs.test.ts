// Each view with values of its own, alone and over or under others. On every runtime and engine one nest of them is a subject.
import { cached, json, memory, prefix, remote, type Store } from "../../../src/index.ts";
import { compressed, encoded, encrypted, text } from "../../../src/extras.ts";
import { handler } from "../../../src/http/handler.ts";
import { offline } from "../../../src/offline.ts";
import * as testing from "../../../src/testing.ts";
import type { Subject } from "../../../src/testing.ts";
import { text as textOf } from "../../support/bytes.ts";
import { defineCases } from "../../support/defineCases.ts";
import { openRemote, storeServer } from "../../support/storeServer.ts";

type Options = Parameters<Subject["open"]>[1];

const key = await crypto.subtle.importKey("raw", new Uint8Array(32), "AES-GCM", false, ["encrypt", "decrypt"]);
const serve = storeServer(memory, handler);
const whole = ["atomic", "transact", "list", "sweep", "watch"] as const;
const seal = (store: Store): Store => encrypted(store, { keys: { key } });
const pack = (store: Store, over = 16): Store => compressed(store, { over });

/** A subject of bytes on a medium of its own. */
function ofBytes(name: string, open: (options: Options) => Store, more: Partial<Subject> = {}): Subject {
  return { name, can: [...whole, "bytes"], rounds: 100, open: (_, options) => open(options), ...more };
}

/** A subject of other values. */
function ofValues<T>(
  name: string,
  open: (options: Options) => Store<T>,
  value: (of: string) => T,
  textOfValue: (of: T) => string,
): Subject<T> {
  return { name, can: whole, rounds: 100, open: (_, options) => open(options), value, text: textOfValue };
}

const asText = [(value: string) => value, (value: string) => value] as const;
const asObject = [(value: string) => ({ text: value }), (value: { text: string }) => value.text] as const;
const codecs = {
  synchronous: {
    encode: (value: { text: string }) => JSON.stringify(value),
    decode: (bytes: Uint8Array) => JSON.parse(textOf(bytes)!) as { text: string },
  },
  asynchronous: {
    encode: async (value: { text: string }) => JSON.stringify(value),
    decode: async (bytes: Uint8Array) => JSON.parse(textOf(bytes)!) as { text: string },
  },
};

defineCases(testing, [
  ofBytes("encrypted memory", (options) => seal(memory(options))),
  ofBytes("compressed memory", (options) => pack(memory(options))),
  ofValues("text of memory", (options) => text(memory(options)), ...asText),
  ...Object.entries(codecs).map(([kind, codec]) =>
    ofValues(`encoded memory, ${kind}`, (options) => encoded(memory(options), codec), ...asObject),
  ),
  ofBytes("encrypted compressed prefix of memory", (options) => seal(pack(prefix(memory(options), "in/"), 1000)), {
    keyBytes: 1021,
  }),
  ofBytes("cached encrypted memory", (options) => cached(seal(memory(options)), { maxBytes: 2000, now: options.now })),
  ofBytes("encrypted cached memory", (options) => seal(cached(memory(options), { maxBytes: 2000, now: options.now }))),
  {
    name: "encrypted remote",
    can: [...whole, "bytes", "shared", "persistent"],
    rounds: 100,
    open: (medium, options) => seal(openRemote(remote, "http://handler.test", medium, options, serve)),
  },
  // With atomic calls that are decided here: what an update of such a view has decided is not decided again on what the remote has
  // let in meanwhile, but reported as a conflict.
  ofBytes(
    "encrypted offline",
    (options) => seal(offline(memory(options), memory(options), { ...options, atomics: "local" })),
    { keyBytes: 1023 },
  ),
  ofValues("json of encrypted memory", (options) => json<{ text: string }>(seal(memory(options))), ...asObject),
]);
