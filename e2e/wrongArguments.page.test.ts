// Whatever is given to a public function, in a page: on the stores that only a page has, and what only a page could give.
import * as index from "shelflife";
import * as localforage from "shelflife/adapters/localforage";
import * as extras from "shelflife/extras";
import * as handler from "shelflife/http/handler";
import localForage from "localforage";
import { defineWrongArguments } from "../test/support/wrongArguments.ts";
import { newDatabase } from "./pages/database.ts";

const ofPage = [globalThis, document.body, new FormData(), localStorage, indexedDB];

defineWrongArguments(
  { index, extras, handler, localforage },
  {
    indexeddb: () => index.indexeddb({ database: newDatabase() }),
    "buffered indexeddb": () => index.indexeddb({ database: newDatabase(), acknowledge: "buffered" }),
    localstorage: () => index.localstorage({ prefix: `${newDatabase()}:` }),
    sessionstorage: () => index.sessionstorage({ prefix: `${newDatabase()}:` }),
    localforage: () => localforage.localforage(localForage.createInstance({ name: newDatabase() })),
  },
  ofPage,
);
