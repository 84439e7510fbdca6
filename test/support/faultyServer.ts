import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runtimes } from "../../scripts/runtimes.mjs";
import { startChild, type Child } from "./childProcess.ts";
import { startFaultProxy, type FaultProxy } from "./faultProxy.ts";

/** One runtime of each kind. */
export const kinds = ["node24", "deno", "bun"] as const;

/** Serves a SQLite file on a runtime, with a proxy before it. */
export async function withFaultyServer(
  kind: (typeof kinds)[number],
  work: (proxy: FaultProxy, upstream: string, child: Child) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
  const child = startChild(exposingGc(runtimes[kind], kind), "./serveChild.ts");
  let proxy: FaultProxy | undefined;
  try {
    const paths = ["values.db", "requests.db"].map((name) => ({ path: join(folder, name) }));
    const upstream = (await child.call("serve", ...paths)) as string;
    proxy = await startFaultProxy(upstream);
    await work(proxy, upstream, child);
  } finally {
    await proxy?.close();
    await child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A runtime's command with which a script can ask for what is of no use to be let go of. */
function exposingGc([path, ...flags]: readonly string[], kind: string): string[] {
  if (kind === "bun") return [path!, ...flags];
  return kind === "deno" ? [path!, flags[0]!, "--v8-flags=--expose-gc", ...flags.slice(1)] : [path!, "--expose-gc", ...flags]; // prettier-ignore
}
