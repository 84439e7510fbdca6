import { existsSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { prepare } from "../../scripts/prepare.mjs";
import { runtimes } from "../../scripts/runtimes.mjs";

declare module "vitest" {
  interface ProvidedContext {
    /** What is set up or built before a project's tests run. */
    needs: readonly string[];
  }
}

/** Sets up and builds what a project's tests need, before the first of them runs. */
export default async function (project: TestProject): Promise<void> {
  await prepare(project.config.provide.needs ?? []);
  // Workers start with the Node that the sources need (node:sqlite, types stripped), also where an older one runs npm.
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  const [path] = runtimes.node24;
  if ((major < 22 || (major === 22 && minor < 18)) && existsSync(path!)) process.execPath = path!;
}
