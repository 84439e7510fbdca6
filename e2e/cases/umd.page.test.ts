// The Cases on the bundle that a page loads by a script tag, which is in another form what one imports.
import { loadScript } from "../pages/loadScript.ts";
import { subjectsOf } from "./subjects.ts";
import * as testing from "shelflife/testing";
import { defineCases } from "../../test/support/defineCases.ts";
import { onlyMemory } from "../../test/support/subjects.ts";

await loadScript("/dist/shelflife.umd.min.js");
const { Shelflife } = globalThis as unknown as { Shelflife: typeof import("shelflife") };

defineCases(testing, await subjectsOf(Shelflife, { viewed: onlyMemory }));
