// Every Case on a store that comes after one that does not work.
import { memory } from "../../../src/backends/memory.ts";
import { fallback } from "../../../src/over/fallback.ts";
import * as testing from "../../../src/testing.ts";
import { defineCases } from "../../support/defineCases.ts";
import { failing } from "../../support/uselessStores.ts";

defineCases(testing, [
  {
    name: "the second of two",
    can: ["atomic", "transact", "list", "sweep", "watch", "bytes"],
    open: (_, options) => fallback([() => failing("unavailable"), () => memory(options)]),
  },
]);
