// Vitest runs every test in Node and in pages. CONTRIBUTING.md says which project is for what.
//   npx vitest [--project unit] [a part of a file's name] [-t "a part of a test's name"] [--coverage]
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { pages } from "./e2e/pages/projects.ts";

type Options = NonNullable<TestProjectInlineConfiguration["test"]>;

/** A project of tests. `needs` names what is set up or built before they run: parts of scripts/prepare.mjs. */
function project(name: string, needs: readonly string[], options: Options): TestProjectInlineConfiguration {
  const globalSetup = ["test/support/prepare.ts"];
  return { extends: true, test: { name, globalSetup, provide: { needs }, ...options } };
}

export default defineConfig({
  test: {
    pool: "forks",
    // Two cores, and tests that wait as often as they compute.
    maxWorkers: 3,
    setupFiles: ["test/support/silence.mjs"],
    restoreMocks: true,
    // What hangs is ended; no test is expected to be fast.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    retry: 0,
    slowTestThreshold: 5000,
    projects: [
      project("unit", ["node", "peers"], {
        include: ["test/**/*.test.ts"],
        exclude: ["**/node_modules/**", "test/{package,processes,cases}/**"],
      }),
      // The Cases on src, for every subject that Node has. Other runtimes run them by test/runtimes/cases.ts.
      project("cases", ["node", "servers", "peers"], { include: ["test/cases/**/*.test.ts"], testTimeout: 150_000 }),
      project("processes", ["runtimes", "servers"], { include: ["test/processes/**/*.test.ts"] }),
      project("package", ["runtimes", "consumers", "jest", "package"], { include: ["test/package/**/*.test.ts"] }),
      project("e2e", ["runtimes", "browsers", "package", "peers"], {
        include: ["e2e/**/*.test.ts"],
        exclude: ["e2e/**/*.page.*"],
        // The files of a worker share its browsers, which end with its environment.
        isolate: false,
        // Each has browsers of its own; where all projects run at once these come after the others.
        maxWorkers: 2,
        sequence: { groupOrder: 1 },
        environment: "./e2e/support/environment.ts",
        setupFiles: [],
        testTimeout: 300_000,
      }),
      ...pages,
    ],
    coverage: { provider: "v8", include: ["src/**/*.ts"], reportsDirectory: ".coverage", reportOnFailure: true },
  },
});
