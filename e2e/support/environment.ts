import type { Environment } from "vitest/runtime";
import { closeShared } from "./shared.ts";

/** The environment of tests that drive browsers: Node's, at whose end the shared browsers are closed. */
export default {
  name: "browsers",
  viteEnvironment: "ssr",
  setup: () => ({ teardown: closeShared }),
} satisfies Environment;
