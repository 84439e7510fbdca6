// The Cases on the bundle that a page loads by a script tag.
import { loadScript } from "../pages/loadScript.ts";
import { subjectsOf } from "./subjects.ts";
import * as testing from "shelflife/testing";
import { defineCases } from "../../test/support/defineCases.ts";

await loadScript("/dist/shelflife.umd.min.js");
const { Shelflife } = globalThis as unknown as { Shelflife: typeof import("shelflife") };

defineCases(testing, await subjectsOf(Shelflife));
