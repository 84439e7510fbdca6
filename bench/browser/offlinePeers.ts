import PouchDB from "pouchdb-browser";
import { createRxDatabase } from "rxdb";
import { replicateRxCollection } from "rxdb/plugins/replication";
import { getRxStorageDexie } from "rxdb/plugins/storage-dexie";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import { indexeddb } from "../../src/backends/indexeddb.ts";
import { offline } from "../../src/offline.ts";
import { json } from "../../src/views/json.ts";
import type { Items, Make, PagePeer } from "./work.ts";

/** Two databases in one page, of which one is brought to what the other holds. No network lies between them. */
export interface Pair {
  /** Writes into the one that is followed. */
  write(items: Items): Promise<unknown>;
  /** Opens a database that is empty, in place of the one before. */
  renew(): Promise<void>;
  /** Follows no longer, so that what is written from now on is news at the next `sync`. */
  leave?(): Promise<void>;
  /** Brings the one that follows to what the other holds. */
  sync(): Promise<unknown>;
  /** Reads from the one that follows. */
  get(key: string): unknown;
}

export type MakePair = (name: string) => Pair;

/** A network that is away. */
const away = (): Promise<Response> => Promise.reject(new TypeError("No network"));

export const ours: Make = (database) => {
  const store = offline(indexeddb({ database, sweepInterval: Infinity }), remote({ url: "/store", fetch: away }));
  const values = json<any>(store);
  return { set: (key, value) => values.set(key, value), get: (key) => values.find(key) };
};

/** The store that ours keeps its values in, alone. */
export const bare: Make = (database) => {
  const values = json<any>(indexeddb({ database, sweepInterval: Infinity }));
  return { set: (key, value) => values.set(key, value), get: (key) => values.find(key) };
};

export const pouch: Make = (name): PagePeer => {
  const database = new PouchDB(name, { auto_compaction: true });
  // What an app would have to read first.
  const revisions = new Map<string, string>();
  return {
    async set(key, value) {
      const document = { _id: key, _rev: revisions.get(key), value };
      revisions.set(key, (await database.put(document)).rev);
    },
    get: async (key) => (await database.get(key)).value,
  };
};

const schema = {
  version: 0,
  primaryKey: "id",
  type: "object",
  properties: {
    id: { type: "string", maxLength: 100 },
    at: { type: "number", minimum: 0, maximum: 1e9, multipleOf: 1 },
    value: { type: "object" },
  },
  required: ["id", "at", "value"],
  indexes: [["at", "id"]],
};

async function collectionOf(name: string): Promise<any> {
  const database = await createRxDatabase({
    name: name.toLowerCase().replace(/\W/g, "_"),
    storage: getRxStorageDexie(),
    multiInstance: false,
  });
  const { entries } = await database.addCollections({ entries: { schema } });
  return entries;
}

export const rx: Make = (name): PagePeer => {
  const opened = collectionOf(name);
  return {
    set: async (id, value) => (await opened).incrementalUpsert({ id, at: 0, value }),
    get: async (id) => (await (await opened).findOne(id).exec())?.toJSON().value,
  };
};

export const oursPair: MakePair = (name) => {
  const open = (database: string) => indexeddb({ database, sweepInterval: Infinity });
  const served = open(`${name} source`);
  const source = json<any>(served);
  // As it is used: a server that knows its changes. Its answers take no network.
  const answer = handler(served, { history: true });
  const fetch = async (url: RequestInfo | URL, init?: RequestInit): Promise<Response> => answer(new Request(url, init));
  let count = 0;
  let local: ReturnType<typeof offline> | undefined;
  const follow = () => (local ??= offline(open(`${name} ${count}`), remote({ url: "http://localhost/", fetch })));
  const leave = async (): Promise<void> => {
    await local?.close();
    local = undefined;
  };
  return {
    write: (items) => source.setMany(items as never),
    async renew() {
      await leave();
      count++;
    },
    leave,
    sync: () => follow().sync(),
    get: (key) => json<any>(follow()).find(key),
  };
};

export const pouchPair: MakePair = (name) => {
  const source = new PouchDB(`${name} source`, { auto_compaction: true });
  const revisions = new Map<string, string>();
  let count = 0;
  let local: any;
  return {
    async write(items) {
      const results = await source.bulkDocs(items.map(([_id, value]) => ({ _id, _rev: revisions.get(_id), value })));
      for (const { id, rev } of results) revisions.set(id, rev);
    },
    async renew() {
      local = new PouchDB(`${name} ${count++}`);
    },
    sync: async () => local.replicate.from(source, { batch_size: 1000 }),
    get: async (key) => (await local.get(key)).value,
  };
};

export const rxPair: MakePair = (name) => {
  const source = collectionOf(`${name} source`);
  let count = 0;
  let at = 0;
  let local: any;
  let replication: any;
  return {
    async write(items) {
      at++;
      await (await source).bulkUpsert(items.map(([id, value]) => ({ id, at, value })));
    },
    async renew() {
      local = await collectionOf(`${name} ${count++}`);
      const from = await source;
      replication = replicateRxCollection({
        collection: local,
        replicationIdentifier: `${name} ${count}`,
        live: true,
        autoStart: false,
        pull: {
          batchSize: 1000,
          async handler(last: any, limit: number) {
            const { at, id } = last ?? { at: -1, id: "" };
            const selector = { $or: [{ at: { $gt: at } }, { at, id: { $gt: id } }] };
            const found = await from.find({ selector, sort: [{ at: "asc" }, { id: "asc" }], limit }).exec();
            const documents = found.map((document: any) => ({ ...document.toJSON(), _deleted: false }));
            const end = documents.at(-1);
            return { documents, checkpoint: end ? { at: end.at, id: end.id } : last };
          },
        },
      });
    },
    async sync() {
      if (replication.startCalled) replication.reSync();
      else await replication.start();
      await replication.awaitInSync();
    },
    get: async (key) => (await local.findOne(key).exec())?.toJSON().value,
  };
};
