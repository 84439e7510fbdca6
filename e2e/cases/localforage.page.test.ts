// The Cases on a store over an instance of the page's localForage.
import localforage from "localforage";
import { localforage as adapt } from "shelflife/adapters/localforage";
import type { Subject } from "shelflife/testing";
import { afterAll } from "vitest";
import * as testing from "shelflife/testing";
import { defineCases } from "../../test/support/defineCases.ts";

const overDriver = (driver: "INDEXEDDB" | "LOCALSTORAGE"): Subject => ({
  name: `localforage over ${driver}`,
  can: ["atomic", "list", "sweep", "watch", "bytes", "shared", "persistent"],
  open: (name, options) => adapt(localforage.createInstance({ name, driver: localforage[driver] }), options),
});

afterAll(() => localStorage.clear());
defineCases(testing, [overDriver("INDEXEDDB"), overDriver("LOCALSTORAGE")]);
