import { join } from "node:path";
import type { DenoKvLike } from "../../src/adapters/denoKv.ts";
import type { Subject } from "../../src/testing.ts";

interface Kv extends DenoKvLike {
  close(): void;
}

/** Makes the subjects that Deno alone has: none elsewhere. */
export async function denoSubjects(
  load: (name: "adapters/denoKv") => Promise<typeof import("../../src/adapters/denoKv.ts")>,
  folder: () => Promise<string>,
): Promise<{ subjects: Subject[]; stop(): void }> {
  const { Deno } = globalThis as { Deno?: { openKv(path: string): Promise<Kv> } };
  if (!Deno) return { subjects: [], stop() {} };
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
  return { subjects: [subject], stop: () => opened.forEach((kv) => kv.close()) };
}
