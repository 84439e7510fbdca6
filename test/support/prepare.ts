import type { TestProject } from "vitest/node";
import { prepare } from "../../scripts/prepare.mjs";

declare module "vitest" {
  interface ProvidedContext {
    /** What is set up or built before a project's tests run. */
    needs: readonly string[];
  }
}

/** Sets up and builds what a project's tests need, before the first of them runs. */
export default function (project: TestProject): Promise<void> {
  return prepare(project.config.provide.needs ?? []);
}
