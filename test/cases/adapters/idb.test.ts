import "fake-indexeddb/auto";
import { openDB } from "idb";
import { idb } from "../../../src/adapters/idb.ts";
import * as testing from "../../../src/testing.ts";
import type { Subject } from "../../../src/testing.ts";
import { load } from "../../peers/load.ts";
import { defineCases } from "../../support/defineCases.ts";

const { createStore } = await load("idb-keyval");

const can: Subject["can"] = ["atomic", "transact", "list", "sweep", "watch", "bytes", "shared", "persistent"];
const subjects: Subject<Uint8Array>[] = [
  {
    name: "idb over a database of idb's",
    can,
    async open(medium, options) {
      const upgrade = (database: { createObjectStore(name: "values"): unknown }): unknown =>
        database.createObjectStore("values");
      return idb(await openDB(medium, 1, { upgrade: (database) => void upgrade(database) }), options);
    },
  },
  {
    name: "idb over a UseStore of idb-keyval's",
    can,
    open: (medium, options) => idb(createStore(`keyval-${medium}`, "values"), options),
  },
];
defineCases(testing, subjects);
