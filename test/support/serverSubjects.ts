import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "srvx";
import type { Subject } from "../../src/testing.ts";
import { storeServer, storesPath } from "./storeServer.ts";
import { strictCredentials, strictS3Server } from "./strictS3.ts";
import type { Load as LoadPortable, Modules as PortableModules } from "./modules.ts";
import { denoSubjects, type DenoModules } from "./denoSubjects.ts";
import { offlineSubjects } from "./offlineSubjects.ts";
import { subjects, type Viewed } from "./subjects.ts";
import { valkeySubjects } from "./valkeySubjects.ts";

interface Modules extends PortableModules, DenoModules {
  "backends/s3": typeof import("../../src/backends/s3.ts");
  "backends/sqlite": typeof import("../../src/backends/sqlite.ts");
  "backends/valkey": typeof import("../../src/backends/valkey.ts");
}

/** Imports a module of the package by its name there. */
export type Load = LoadPortable & (<Name extends keyof Modules>(name: Name) => Promise<Modules[Name]>);

/** Runs a task when it is first asked for. */
function lazy<T>(task: () => Promise<T>): { (): Promise<T>; started(): Promise<T> | undefined } {
  let result: Promise<T> | undefined;
  return Object.assign(() => (result ??= task()), { started: () => result });
}

/**
 * Makes every subject of a runtime that has files and sockets, with views of the stores that are to be `viewed`. What they stand on (a folder, an HTTP server, servers of
 * Valkey) starts when a case first needs it, and ends with `stop`.
 */
export async function serverSubjects(
  load: Load,
  viewed?: Viewed,
): Promise<{ subjects: Subject[]; stop(): Promise<void> }> {
  // @ts-expect-error this entry of the package has no declarations
  if (!("indexedDB" in globalThis)) await import("fake-indexeddb/auto");
  const index = await load("index");
  const { memory } = index;
  const handlers = await load("http/handler");
  const { handler } = handlers;
  const { sqlite } = await load("backends/sqlite");
  const { s3 } = await load("backends/s3");
  const valkeys = valkeySubjects((await load("backends/valkey")).valkey);

  const folder = lazy(() => mkdtemp(join(tmpdir(), "shelflife-cases-")));
  const server = lazy(async () => {
    const [serveStore, serveBucket] = [storeServer(memory, handler), strictS3Server()];
    // srvx serves by node:http, Deno.serve or Bun.serve, whichever is here.
    const server = serve({
      hostname: "127.0.0.1",
      port: 0,
      silent: true,
      gracefulShutdown: false,
      fetch: (request) => (new URL(request.url).pathname.startsWith(storesPath) ? serveStore : serveBucket)(request),
    });
    await server.ready();
    return server;
  });
  const address = async (): Promise<string> => (await server()).url!;

  const sqliteSubject: Subject = {
    name: "sqlite",
    can: ["atomic", "transact", "list", "sweep", "watch", "bytes", "shared", "persistent"],
    open: async (medium, options) => sqlite({ ...options, path: join(await folder(), `${medium}.sqlite`) }),
  };
  const s3Subject: Subject = {
    name: "s3",
    can: ["atomic", "list", "sweep", "bytes", "shared", "persistent"],
    // A race costs several requests each round.
    rounds: 10,
    open: async (medium, options) =>
      s3({ ...options, ...strictCredentials, bucketName: medium, endpoint: await address() }),
  };
  const media = await denoSubjects(load, folder);
  const offlines = offlineSubjects(index, handlers, await load("offline"), {
    "offline in a file": sqliteSubject.open,
    "offline in a database": (database, options) => index.indexeddb({ ...options, database }),
  });
  return {
    // The views of S3 are those of any other, and would cost much time.
    subjects: [
      ...(await subjects(load, address, { more: [sqliteSubject, ...valkeys.subjects], viewed })),
      s3Subject,
      ...media.subjects,
      ...offlines,
    ],
    async stop() {
      await media.stop();
      await (await server.started())?.close(true);
      await valkeys.stop();
      const path = await folder.started();
      if (path !== undefined) await rm(path, { recursive: true });
    },
  };
}
