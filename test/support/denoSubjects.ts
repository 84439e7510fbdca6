import { join } from "node:path";
import type { DenoKvLike } from "../../src/adapters/denoKv.ts";
import type { Subject } from "../../src/testing.ts";
import { cacheSubject } from "./cacheSubject.ts";

interface Kv extends DenoKvLike {
  close(): void;
}

/** The adapters of media that Deno has. */
export interface DenoModules {
  "adapters/cacheApi": typeof import("../../src/adapters/cacheApi.ts");
  "adapters/denoKv": typeof import("../../src/adapters/denoKv.ts");
}

/** Makes the subjects that Deno alone has: none elsewhere. */
export async function denoSubjects(
  load: <Name extends keyof DenoModules>(name: Name) => Promise<DenoModules[Name]>,
  folder: () => Promise<string>,
): Promise<{ subjects: Subject[]; stop(): Promise<void> }> {
  const { Deno } = globalThis as { Deno?: { openKv(path: string): Promise<Kv> } };
  if (!Deno) return { subjects: [], async stop() {} };
  const { denoKv } = await load("adapters/denoKv");
  const opened: Kv[] = [];
  const subject: Subject = {
    name: "denoKv",
    can: ["atomic", "transact", "list", "sweep", "bytes", "shared", "persistent"],
    transactKeys: 100,
    rounds: 100,
    async open(medium, options) {
      // Two stores on one medium have connections of their own, as two processes would.
      const kv = await Deno.openKv(join(await folder(), `${medium}.kv`));
      opened.push(kv);
      return denoKv(kv, options);
    },
  };
  const cached = cacheSubject(await load("adapters/cacheApi"), 20);
  return {
    subjects: [subject, cached.subject],
    async stop() {
      for (const kv of opened) kv.close();
      await cached.stop();
    },
  };
}
