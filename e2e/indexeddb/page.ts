// A page with the tests' tools.
import { contexts } from "./contexts.ts";
import { filling } from "./filling.ts";
import { shelf } from "./shelf.ts";

const tools = { shelf, contexts, filling };

declare global {
  /* eslint-disable no-var */
  var shelf: typeof tools.shelf;
  var contexts: typeof tools.contexts;
  var filling: typeof tools.filling;
  /** What a test wants to find again in a later call. */
  var kept: any;
}
Object.assign(globalThis, tools, { kept: {} });
