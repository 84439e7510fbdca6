// The Cases on two stores made one, as a page imports that: one of the page's, and one of a handler.
import * as bundle from "shelflife";
import * as handlers from "shelflife/http/handler";
import * as door from "shelflife/offline";
import * as testing from "shelflife/testing";
import { defineCases } from "../../test/support/defineCases.ts";
import { offlineSubjects } from "../../test/support/offlineSubjects.ts";

const subjects = offlineSubjects(bundle, handlers, door, {
  "offline in a database": (database, options) => bundle.indexeddb({ ...options, database }),
  "offline in a Storage": (prefix, options) => bundle.localstorage({ ...options, prefix }),
});
// Those in memory are no others than in Node.
defineCases(
  testing,
  subjects.filter(({ can }) => can.includes("persistent")),
);
