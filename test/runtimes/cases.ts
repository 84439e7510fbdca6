// Runs the Cases on every subject of this runtime: on src, or on the package as built and installed.
//   <runtime> test/runtimes/cases.ts <name of the runtime> <src | package> [a part of a subject's name]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { serve } from "srvx";
import type { Subject } from "../../src/testing.ts";
import { runCases, summary } from "../support/runCases.ts";
import { strictCredentials, strictS3Server } from "../support/strictS3.ts";
import { storeServer, storesPath } from "../support/storeServer.ts";
import { valkeySubjects } from "../support/valkeySubjects.ts";
import { subjects, type Load as LoadPortable, type Modules as PortableModules } from "../support/subjects.ts";

interface Modules extends PortableModules {
  testing: typeof import("../../src/testing.ts");
  "backends/s3": typeof import("../../src/backends/s3.ts");
  "backends/sqlite": typeof import("../../src/backends/sqlite.ts");
  "backends/valkey": typeof import("../../src/backends/valkey.ts");
}
type Load = LoadPortable & (<Name extends keyof Modules>(name: Name) => Promise<Modules[Name]>);

const [claimed, origin, filter] = process.argv.slice(2);
const { Bun, Deno } = globalThis as { Bun?: object; Deno?: object };
const actual = Bun ? "bun" : Deno ? "deno" : `node${process.versions.node.split(".")[0]}`;
if (claimed !== actual) throw new Error(`Expected to run on ${claimed}, got ${actual}`);

async function loader(): Promise<Load> {
  if (origin === "src") return ((name: string) => import(`../../src/${name}.ts`)) as Load;
  if (origin !== "package") throw new Error(`Expected src or package, got ${origin}`);
  // By a variable, because the package is not there when types are checked.
  const path = "../../.package/load.mjs";
  return ((await import(path)) as { load: Load }).load;
}

// @ts-expect-error this entry of the package has no declarations
if (!("indexedDB" in globalThis)) await import("fake-indexeddb/auto");

const load = await loader();
const { memory } = await load("index");
const { handler } = await load("http/handler");
const { sqlite } = await load("backends/sqlite");
const folder = await mkdtemp(join(tmpdir(), "shelflife-cases-"));
const sqliteSubject: Subject = {
  name: "sqlite",
  can: ["atomic", "list", "sweep", "watch", "bytes", "shared", "persistent"],
  open: (medium, options) => sqlite({ ...options, path: join(folder, `${medium}.sqlite`) }),
};
const { s3 } = await load("backends/s3");
const s3Subject: Subject = {
  name: "s3",
  can: ["atomic", "list", "sweep", "bytes", "shared", "persistent"],
  // A race costs several requests each round.
  rounds: 10,
  open: (medium, options) => s3({ ...options, ...strictCredentials, bucketName: medium, endpoint: server.url! }),
};
const [serveStore, serveBucket] = [storeServer(memory, handler), strictS3Server()];
const valkeys = valkeySubjects((await load("backends/valkey")).valkey);
// srvx serves by node:http, Deno.serve or Bun.serve, whichever is here.
const server = serve({
  hostname: "127.0.0.1",
  port: 0,
  silent: true,
  gracefulShutdown: false,
  fetch: (request) => (new URL(request.url).pathname.startsWith(storesPath) ? serveStore : serveBucket)(request),
});
await server.ready();

const print = (line: string): boolean => process.stdout.write(`${line}\n`);
// The views of S3 are those of any other, and would cost much time.
const all = [...(await subjects(load, server.url!, [sqliteSubject, ...valkeys.subjects])), s3Subject];
const count = await runCases(await load("testing"), all, { filter, print });
await server.close(true);
await valkeys.stop();
await rm(folder, { recursive: true });
print(summary(count));
// The process ends by itself: a timer or a connection of ours that keeps it is a fault, which the step's limit tells.
process.exitCode = count.failed > 0 ? 1 : 0;
