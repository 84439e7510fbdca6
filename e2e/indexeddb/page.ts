// A page with the tests' tools.
import { contexts } from "./contexts.ts";
import { filling } from "./filling.ts";
import { shelf } from "./shelf.ts";

Object.assign(globalThis, { shelf, contexts, filling, kept: {} });
