// Sets up what is missing, builds what is out of date, and starts the workbench, or another example that has a server. The site
// of the documentation is built beside the running workbench.
//   node scripts/start.mjs [offline-notes] [--port 8788] [--data .data]
import { spawn } from "node:child_process";
import { build } from "./build.mjs";
import { root } from "./run.mjs";
import { runtimes } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

await setup("root");
const [major, minor] = process.versions.node.split(".").map(Number);
// The server keeps its values in node:sqlite, which is there from 22.13 on.
const hasSqlite = major > 22 || (major === 22 && minor >= 13);
if (!hasSqlite) await setup("node");
await build({ ifStale: true });

const args = process.argv.slice(2);
const example = /^\w/.test(args[0] ?? "") ? args.shift() : "workbench";
const [command, ...flags] = hasSqlite ? [process.execPath, "--disable-warning=ExperimentalWarning"] : runtimes.node24;
const server = spawn(command, [...flags, `examples/${example}/server.mjs`, ...args], { cwd: root, stdio: "inherit" });
const docs = example === "workbench" ? buildDocs() : undefined;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));
server.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal ? 0 : 1);
  docs?.kill();
});

/** Builds the site of the documentation where it is missing or out of date. What it prints is shown only if it fails. */
function buildDocs() {
  const child = spawn(process.execPath, ["scripts/docs.mjs", "--if-stale"], { cwd: root, stdio: "pipe" });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  child.on("exit", (code) => code && console.error(`${printed}\nThe documentation is not built: see "npm run docs"`));
  return child;
}
