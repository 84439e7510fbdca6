import { existsSync, readdirSync } from "node:fs";
import { root } from "./run.mjs";
import { runtimes } from "./runtimes.mjs";

const { node24 } = runtimes;
const modules = (path) => [process.execPath, `node_modules/${path}`];

/** The test files under some folders, in their order. */
function testFiles(...folders) {
  return folders.flatMap((folder) => {
    if (!existsSync(root + folder)) return [];
    const names = readdirSync(root + folder, { recursive: true }).map(
      (name) => `${folder}/${name.replaceAll("\\", "/")}`,
    );
    return names.filter((name) => name.endsWith(".test.ts") && !name.includes("/node_modules/")).sort();
  });
}

function nodeTest(files, ...flags) {
  // Without a file node:test would go and look for some itself.
  return [...node24, "--test", "--test-reporter=spec", ...flags, ...(files.length ? files : ["no-such-file.test.ts"])];
}
const silent = ["--import", "./test/support/silence.mjs"];

const inNode = testFiles("test").filter((name) => !name.startsWith("test/package/"));
/** What several processes, on all runtimes, do to one medium: too long for a quick check. */
const processes = inNode.filter((name) => name.startsWith("test/processes/"));
const unit = inNode.filter((name) => !processes.includes(name));

/** The Cases on every runtime that is no browser: on src as it stands, and on the package as built. */
const cases = Object.entries(runtimes).flatMap(([name, command]) =>
  ["src", "package"].map((origin) => ({
    name: `cases on ${name}, ${origin}`,
    command: [...command, "test/runtimes/cases.ts", name, origin],
    needs: ["runtimes", "servers", ...(origin === "package" ? ["package"] : [])],
  })),
);

/** What runs inside a page, the Cases on the built bundles above all, in every browser engine. */
const pages = ["chromium", "firefox", "webkit"].map((name) => ({
  name: `pages in ${name}`,
  command: [...modules("vitest/vitest.mjs"), "run", "--project", name],
  needs: ["browsers", "build"],
}));

/**
 * What `npm test` runs, one line each. `command` ends with a line `N passed, N failed`, or is node:test's; with `exit` it
 * counts as one test that passes when the command exits with 0. `needs` names what is set up or made before it: parts of
 * setup.mjs, `build`, `package` (the built package, installed). `check` puts it into `npm run check`, `alone` keeps the
 * machine free of other steps, and `minutes` is how long it may take (10).
 */
export const steps = [
  { name: "types", command: [...modules("typescript/bin/tsc"), "-p", "tsconfig.json"], exit: true, check: true },
  {
    name: "types of src",
    command: [...modules("typescript/bin/tsc"), "-p", "tsconfig.build.json", "--noEmit"],
    exit: true,
    check: true,
  },
  {
    name: "lint",
    command: [...modules("oxlint/bin/oxlint"), "--type-aware", "--deny-warnings", "--format=unix"],
    exit: true,
    check: true,
  },
  { name: "format", command: [...modules("oxfmt/bin/oxfmt"), "--check"], exit: true, check: true },
  { name: "unit", command: nodeTest(unit, "--test-concurrency=2", ...silent), needs: ["node"], check: true },
  ...processes.map((file) => ({
    name: file.replace(".test.ts", ""),
    command: nodeTest([file], ...silent),
    needs: ["runtimes", "servers"],
  })),
  ...cases,
  { name: "cases on workerd, package", command: [...node24, "e2e/cases/workerd.ts"], needs: ["runtimes", "build"] },
  ...pages,
  { name: "package", command: nodeTest(testFiles("test/package")), needs: ["runtimes", "consumers", "package"] },
  ...testFiles("e2e", "examples")
    .filter((file) => !file.includes(".page."))
    .map((file) => ({
      name: file.replace(".test.ts", ""),
      command: nodeTest([file]),
      needs: ["runtimes", "browsers", "build", "package"],
    })),
];
