// The Cases on the bundle that a page imports.
import * as bundle from "shelflife";
import { subjectsOf } from "./subjects.ts";
import * as testing from "shelflife/testing";
import { defineCases } from "../../test/support/defineCases.ts";

defineCases(testing, await subjectsOf(bundle));
