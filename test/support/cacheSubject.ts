import type { CacheLike } from "../../src/adapters/cacheApi.ts";
import type { Subject } from "../../src/testing.ts";

interface Caches {
  open(name: string): Promise<CacheLike>;
  delete(name: string): Promise<boolean>;
}

/** Makes the subject of stores in the caches that a page or Deno has. `stop` removes them. */
export function cacheSubject(
  { cacheApi }: Pick<typeof import("../../src/adapters/cacheApi.ts"), "cacheApi">,
  rounds: number,
): { subject: Subject; stop(): Promise<void> } {
  const { caches } = globalThis as unknown as { caches: Caches };
  const opened = new Set<string>();
  return {
    subject: {
      name: "cacheApi",
      can: ["atomic", "list", "sweep", "bytes", "shared", "persistent"],
      rounds,
      async open(medium, options) {
        opened.add(medium);
        return cacheApi(await caches.open(medium), options);
      },
    },
    async stop() {
      for (const name of opened) await caches.delete(name);
    },
  };
}
