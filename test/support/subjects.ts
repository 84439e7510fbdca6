import type { Store } from "../../src/core/contract.ts";
import type { Feature, Subject } from "../../src/testing.ts";
import type { Load, Modules } from "./modules.ts";
import { openRemote, storeServer } from "./storeServer.ts";

const whole: readonly Feature[] = ["atomic", "transact", "list", "sweep", "watch", "bytes"];
const kept: readonly Feature[] = [...whole, "shared", "persistent"];

/** Which stores are proven through views too, by their names. */
export type Viewed = (name: string) => boolean;

/** All stores but those that are another of them by a way that no view knows of. */
const everyOther: Viewed = (name) => name !== "remote over a server" && name !== "valkey cluster";

/**
 * Where another run proves the views of every store: a view is the same code over the same contract, so that those of one
 * store show that they work on another runtime, or in another bundle.
 */
export const onlyMemory: Viewed = (name) => name === "memory";

/**
 * Makes the subjects that this runtime has, and two views of each store that is to be `viewed`. `server` returns the address
 * of a {@link storeServer} that listens.
 */
export async function subjects(
  load: Load,
  server: () => string | Promise<string>,
  { more = [], viewed = everyOther }: { more?: readonly Subject[]; viewed?: Viewed } = {},
): Promise<Subject[]> {
  const index = await load("index");
  const { indexeddb, localstorage, sessionstorage, memory, remote } = index;
  const { handler } = await load("http/handler");
  const serve = storeServer(memory, handler);

  const list: Subject[] = [
    { name: "memory", can: whole, open: (_, options) => memory(options) },
    {
      name: "remote over a handler",
      can: kept,
      open: (medium, options) => openRemote(remote, "http://handler.test", medium, options, serve),
    },
    {
      name: "remote over a server",
      can: kept,
      // A race costs several requests each round.
      rounds: 100,
      open: async (medium, options) => openRemote(remote, await server(), medium, options, (request) => fetch(request)),
    },
    ...more,
  ];
  // Subjects whose views are those of any other.
  const extra: Subject[] = [];
  if ("indexedDB" in globalThis) {
    list.push({ name: "indexeddb", can: kept, open: (database, options) => indexeddb({ ...options, database }) });
    extra.push({
      name: "buffered indexeddb",
      can: kept,
      isMerging: true,
      open: (database, options) => indexeddb({ ...options, database, acknowledge: "buffered" }),
    });
  }
  // Workers have none, and those of other runtimes are not a browser's.
  if ("document" in globalThis) {
    list.push(
      { name: "localstorage", can: kept, open: (prefix, options) => localstorage({ ...options, prefix }) },
      { name: "sessionstorage", can: kept, open: (prefix, options) => sessionstorage({ ...options, prefix }) },
    );
  }
  const views = list.flatMap((subject) =>
    viewed(subject.name) ? [subject, prefixed(subject, index), asJson(subject, index)] : [subject],
  );
  const held = list.filter(
    ({ name }) => viewed(name) && ["memory", "remote over a handler", "indexeddb"].includes(name),
  );
  const cachedMemory = fromMemory(list[0]!, index);
  return [
    ...views,
    ...extra,
    ...held.map((subject) => fromMemory(subject, index)),
    asJson(cachedMemory, index),
    prefixed(cachedMemory, index),
    fromMemory(asJson(list[0]!, index), index),
    fromMemory(prefixed(list[0]!, index), index),
    sealed(prefixed(list[0]!, index), await load("extras")),
  ];
}

/** A subject whose values are packed, then encrypted. The Cases of each view alone run in Node: test/cases/views. */
function sealed(subject: Subject, { compressed, encrypted }: Modules["extras"]): Subject {
  return {
    ...subject,
    name: `compressed encrypted ${subject.name}`,
    rounds: 100,
    open: async (medium, options) => {
      const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt", "decrypt"]);
      return compressed(encrypted(await subject.open(medium, options), { keys: { key } }), { over: 16 });
    },
  };
}

/** A subject seen through a prefix. */
function prefixed(subject: Subject, { prefix }: Modules["index"]): Subject {
  const before = "inner/";
  return {
    ...subject,
    name: `prefix of ${subject.name}`,
    keyBytes: (subject.keyBytes ?? 1024) - before.length,
    open: async (medium, options) => prefix(await subject.open(medium, options), before),
  };
}

/** A subject seen as JSON: its values are objects around a text. */
export function asJson(subject: Subject, { json }: Pick<Modules["index"], "json">): Subject<{ text: string }> {
  return {
    ...subject,
    name: `json of ${subject.name}`,
    can: subject.can.filter((feature) => feature !== "bytes"),
    value: (text) => ({ text }),
    text: (value) => value.text,
    open: async (medium, options): Promise<Store<{ text: string }>> => json(await subject.open(medium, options)),
  };
}

/** A subject whose values are held in memory when they were read, as far as a few fit. */
function fromMemory<T>(subject: Subject<T>, { cached }: Modules["index"]): Subject<T> {
  return {
    ...subject,
    name: `cached ${subject.name}`,
    rounds: 100,
    open: async (medium, options): Promise<Store<T>> =>
      cached(await subject.open(medium, options), { maxBytes: 2000, now: options.now }),
  };
}
