import { build } from "./build.mjs";
import { installPackage } from "./installPackage.mjs";
import { setup } from "./setup.mjs";

const parts = ["root", "runtimes", "node", "browsers", "servers", "consumers", "jest", "peers"];

/**
 * Brings about what tests need, where it is missing or out of date: parts of setup.mjs, `build` (dist), `package` (the
 * built package, installed as a user has it).
 * @param {readonly string[]} needs
 */
export async function prepare(needs) {
  await setup(...parts.filter((part) => needs.includes(part)));
  if (needs.includes("build") || needs.includes("package")) await build({ ifStale: true });
  if (needs.includes("package")) await installPackage({ ifStale: true });
}
