// Says what clients cost that follow the changes of one server, each by a stream of its own, and how soon a change reaches all.
//   node bench/clients.mjs [1000]      so many of them
import { exit, run } from "../scripts/run.mjs";
import { runtimes } from "../scripts/runtimes.mjs";
import { setup } from "../scripts/setup.mjs";

async function main() {
  const [text = "1000", ...more] = process.argv.slice(2);
  const count = Number(text);
  if (!(Number.isInteger(count) && count > 0) || more.length)
    throw new Error(`Cannot count clients: expected a whole number above 0, got ${JSON.stringify([text, ...more])}`);
  await setup("root", "node");
  const [command, ...options] = runtimes.node24;
  await run(command, [...options, "--expose-gc", "bench/clients.ts", String(count)]);
}

await main().catch(exit);
