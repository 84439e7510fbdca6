import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "vitest";
import { load } from "../support/proveMedium.ts";
import { serverSubjects } from "../support/serverSubjects.ts";

test("every subject of this runtime is proved by exactly one of these files", async () => {
  // Those of a folder are about what is no subject of every runtime.
  const files = readdirSync(import.meta.dirname).filter((name) => /(?<!^media)\.test\.ts$/.test(name));
  const media = files.map((name) => name.replace(".test.ts", ""));
  const { subjects, stop } = await serverSubjects(load);
  for (const { name } of subjects) assert.equal(media.filter((medium) => name.includes(medium)).length, 1, name);
  for (const medium of media)
    assert.ok(
      subjects.some(({ name }) => name.includes(medium)),
      medium,
    );
  await stop();
});
