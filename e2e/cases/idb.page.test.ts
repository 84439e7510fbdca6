// The Cases on a store over a database that the page opened itself.
import { idb } from "shelflife/adapters/idb";
import * as testing from "shelflife/testing";
import { defineCases } from "../../test/support/defineCases.ts";
import { native } from "../idb/databases.ts";

defineCases(testing, [
  {
    name: "idb over an IDBDatabase",
    can: ["atomic", "transact", "list", "sweep", "watch", "bytes", "shared", "persistent"],
    // A race costs several transactions each round.
    rounds: 100,
    open: async (name, options) => idb(await native(name), options),
  },
]);
