// Runs a command while both cores are kept busy by other work, as a proof that nothing in it depends on a quiet machine.
//   node scripts/busy.mjs npm test
import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { exit, run } from "./run.mjs";

const load = 8;
const [command, ...args] = process.argv.slice(2);
if (!command) exit(new Error('Expected a command, as in "node scripts/busy.mjs npm test"'));

const others = Array.from({ length: load }, () => {
  const child = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
  setPriority(child.pid, constants.priority.PRIORITY_LOW);
  return child;
});
const end = () => others.forEach((child) => child.kill("SIGKILL"));
process.once("exit", end);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

await run(command, args).catch(exit);
end();
