// The Cases on the bundle that a page loads by a script tag.
import { loadScript } from "../pages/loadScript.ts";
import { defineCases } from "./define.ts";
import { subjectsOf } from "./subjects.ts";

await loadScript("/dist/shelflife.umd.min.js");
const { Shelflife } = globalThis as unknown as { Shelflife: typeof import("shelflife") };

defineCases(await subjectsOf(Shelflife));
