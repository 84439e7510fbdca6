// The Cases on the bundle that a page imports.
import * as bundle from "shelflife";
import { defineCases } from "./define.ts";
import { subjectsOf } from "./subjects.ts";

defineCases(await subjectsOf(bundle));
