// Runs the Cases in workerd, the edge worker runtime, on the built bundle, and prints what came of them.
//   node e2e/cases/workerd.ts [a part of a subject's name]
import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import * as index from "shelflife";
import * as handlerModule from "shelflife/http/handler";
import * as testing from "shelflife/testing";
import { serve, type Server } from "srvx";
import { runCases, summary, type Count } from "../../test/support/runCases.ts";
import { edgeCacheServer } from "../../test/support/edgeCache.ts";
import { strictKvServer } from "../../test/support/strictKv.ts";
import { storeServer } from "../../test/support/storeServer.ts";
import type { Load } from "../../test/support/modules.ts";
import { onlyMemory, subjects } from "../../test/support/subjects.ts";
import { root } from "../../scripts/run.mjs";
import { workerd } from "../../scripts/runtimes.mjs";

const config = (kv: string, cache: string): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [
        (name = "worker.js", esModule = embed "worker.js"),
        (name = "shelflife.min.js", esModule = embed "shelflife.min.js"),
      ],
      compatibilityDate = "2026-10-01",
      globalOutbound = "loopback",
      cacheApiOutbound = "cache",
      bindings = [(name = "KV", kvNamespace = "kv")],
    )),
    (name = "kv", external = (address = "${kv}", http = ())),
    (name = "cache", external = (address = "${cache}", http = ())),
    (name = "loopback", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

async function listen(answer: (request: Request) => Response | Promise<Response>): Promise<Server> {
  const server = serve({ hostname: "127.0.0.1", port: 0, silent: true, fetch: answer });
  await server.ready();
  return server;
}

const folder = await mkdtemp(join(tmpdir(), "shelflife-workerd-"));
await copyFile(`${root}dist/shelflife.min.js`, join(folder, "shelflife.min.js"));
// What the media of an edge worker stand on.
const edge = await Promise.all([strictKvServer(), edgeCacheServer()].map(listen));
const [kv, cache] = edge.map(({ url }) => new URL(url!).host);
await writeFile(join(folder, "config.capnp"), config(kv!, cache!));
await build({
  entryPoints: [`${root}e2e/cases/edgeWorker.ts`],
  outfile: join(folder, "worker.js"),
  bundle: true,
  format: "esm",
  tsconfigRaw: {},
  alias: {
    "shelflife/adapters/cacheApi": `${root}dist/adapters/cacheApi.js`,
    "shelflife/adapters/cloudflareKv": `${root}dist/adapters/cloudflareKv.js`,
    "shelflife/extras": `${root}dist/extras.js`,
    "shelflife/http/handler": `${root}dist/http/handler.js`,
    "shelflife/testing": `${root}dist/testing.js`,
    shelflife: "./shelflife.min.js",
  },
  external: ["./shelflife.min.js"],
});

const args = ["serve", "--control-fd=3", join(folder, "config.capnp")];
const child = spawn(workerd(), args, { stdio: ["ignore", "inherit", "inherit", "pipe"] });
const server = await listen(storeServer(index.memory, handlerModule.handler));
const filter = process.argv[2] ?? "";
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const count = { passed: 0, failed: 0 };

function add({ passed, failed }: Count): void {
  count.passed += passed;
  count.failed += failed;
}

try {
  const port = await new Promise<number>((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => reject(new Error(`workerd ended with ${code}`)));
    child.stdio[3]!.once("data", (line: Buffer) => resolve(JSON.parse(String(line)).port));
  });
  const worker = `http://127.0.0.1:${port}/`;

  /** Runs what a filter selects in a request of its own, since one may have only so many timers: what it prints and comes to. */
  const runInWorker = async (filter: string): Promise<{ printed: string; came: Count }> => {
    const response = await fetch(`${worker}?${new URLSearchParams({ filter, server: server.url! })}`);
    const text = await response.text();
    const result = /^(\d+) passed, (\d+) failed\n$/m.exec(text);
    const came = result ? { passed: Number(result[1]), failed: Number(result[2]) } : { passed: 0, failed: 1 };
    return { printed: text.slice(0, result?.index).trimEnd(), came };
  };

  print("In the worker:");
  const { printed: names, came } = await runInWorker("list");
  if (filter === "list") {
    print(names);
    add(came);
  } else {
    // Without the names nothing would be run.
    if (!came.passed) add({ passed: 0, failed: 1 });
    for (const name of names.split("\n").filter((name) => `=${name}`.includes(filter))) {
      const { printed, came } = await runInWorker(`=${name}`);
      print(printed);
      add(came);
    }
  }

  print("From here, over the worker's handler:");
  const load = (async (name) => (name === "index" ? index : handlerModule)) as Load;
  const remotes = (await subjects(load, () => worker, { viewed: onlyMemory })).filter(({ name }) =>
    name.includes("over a server"),
  );
  add(await runCases(testing, remotes, { filter, print }));
} finally {
  child.removeAllListeners("exit").kill();
  for (const each of [server, ...edge]) await each.close(true);
  await rm(folder, { recursive: true });
}
print(summary(count));
process.exitCode = count.failed > 0 ? 1 : 0;
