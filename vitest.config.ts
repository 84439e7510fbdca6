import { defineConfig } from "vitest/config";
import { runtimes } from "./scripts/runtimes.mjs";

// Workers start with the Node that the sources need (node:sqlite, types stripped), also where an older one runs npm.
const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
if (major < 22 || (major === 22 && minor < 18)) process.execPath = runtimes.node24[0]!;

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    setupFiles: ["test/support/silence.mjs"],
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/package/**", "test/processes/**", "**/node_modules/**"],
        },
      },
    ],
  },
});
