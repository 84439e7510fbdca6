import { afterAll } from "vitest";
import * as s3 from "../../src/backends/s3.ts";
import * as sqlite from "../../src/backends/sqlite.ts";
import * as valkey from "../../src/backends/valkey.ts";
import * as extras from "../../src/extras.ts";
import * as handler from "../../src/http/handler.ts";
import * as index from "../../src/index.ts";
import * as offline from "../../src/offline.ts";
import * as testing from "../../src/testing.ts";
import { defineCases } from "./defineCases.ts";
import { serverSubjects, type Load } from "./serverSubjects.ts";

const modules = {
  index,
  extras,
  "http/handler": handler,
  offline,
  "backends/s3": s3,
  "backends/sqlite": sqlite,
  "backends/valkey": valkey,
};

/** Imports a module of src, in which this run may measure the coverage. */
export const load = (async (name: keyof typeof modules) => modules[name]) as Load;

/** Proves every subject of this runtime whose name contains the medium's, each Case as a test of its own. */
export async function proveMedium(medium: string): Promise<void> {
  const { subjects, stop } = await serverSubjects(load);
  afterAll(stop);
  defineCases(
    testing,
    subjects.filter(({ name }) => name.includes(medium)),
  );
}
