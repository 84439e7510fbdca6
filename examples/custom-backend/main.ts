// Opens the backend of folder.ts by its name, and proves that it keeps the contract.
//   node main.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isStoreError, json, open } from "shelflife";
import { cases, proveAll } from "shelflife/testing";
import "./folder.ts";

const path = await mkdtemp(join(tmpdir(), "folder-"));

const cities = json<{ people: number }>(await open({ backend: "folder", parameters: { path } }));
await cities.set("Zürich", { people: 448_664 }, { ttl: 60_000 });
console.log(await cities.get("Zürich"));

// What four methods cannot do is said, not pretended.
await cities.increment("visits").catch((error) => console.log(isStoreError(error, "unsupported")));

const results = await proveAll(cases, {
  name: "folder",
  can: ["bytes", "shared", "persistent"],
  open: (medium, { now }) => open({ backend: "folder", parameters: { path: join(path, medium), now } }),
});
const failed = results.filter(({ error }) => error !== undefined);
for (const { name, error } of failed) console.log(name, error);
console.log(`${results.length} cases, ${failed.length} failed`);

await rm(path, { recursive: true });
