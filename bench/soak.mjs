// Lets many clients use a server for a while, and looks for what grows, gets lost or is reported twice.
//   npm run soak [-- 60]      for so many seconds (600)
import { exit, run } from "../scripts/run.mjs";
import { runtimes } from "../scripts/runtimes.mjs";
import { setup } from "../scripts/setup.mjs";

async function main() {
  const [text = "600", ...more] = process.argv.slice(2);
  const seconds = Number(text);
  if (!(seconds >= 10) || more.length)
    throw new Error(
      `Cannot soak: expected a number of seconds, at least 10, got ${JSON.stringify([text, ...more].join(" "))}`,
    );
  await setup("root", "node");
  const [command, ...options] = runtimes.node24;
  await run(command, [...options, "--expose-gc", "bench/soak.ts", String(seconds)]);
}

await main().catch(exit);
