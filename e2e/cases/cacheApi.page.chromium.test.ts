// The Cases on a store in a Cache of the page.
import { cacheApi } from "shelflife/adapters/cacheApi";
import * as testing from "shelflife/testing";
import { afterAll } from "vitest";
import { defineCases } from "../../test/support/defineCases.ts";

const opened = new Set<string>();
afterAll(() => Promise.all([...opened].map((name) => caches.delete(name))));
defineCases(testing, [
  {
    name: "cacheApi",
    can: ["atomic", "list", "sweep", "bytes", "shared", "persistent"],
    rounds: 5,
    async open(medium, options) {
      opened.add(medium);
      return cacheApi(await caches.open(medium), options);
    },
  },
]);
