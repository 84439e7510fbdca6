import { runtimes } from "./runtimes.mjs";

const { node24 } = runtimes;
const modules = (path) => [process.execPath, `node_modules/${path}`];

/** A run of one project of vitest.config.ts. */
const vitest = (project) => {
  const reporters = ["--reporter=default", "--reporter=./scripts/countReporter.mjs"];
  return [...modules("vitest/vitest.mjs"), "run", "--project", project, ...reporters];
};

/**
 * The Cases on every runtime that is no browser: on the package as built, and, where src itself is published for a
 * runtime (Deno, by JSR), on src too. On the src of Node they run under vitest, in the project "cases".
 */
const cases = [
  ...Object.keys(runtimes).map((name) => ({ name, origin: "package", needs: ["runtimes", "servers", "package"] })),
  { name: "deno", origin: "src", needs: ["runtimes", "servers"] },
].map(({ name, origin, needs }) => ({
  name: `cases on ${name}, ${origin}`,
  command: [...runtimes[name], "test/runtimes/cases.ts", name, origin],
  needs,
}));

/** What runs inside a page, the Cases on the built bundles above all, in every browser engine. */
const pages = ["chromium", "firefox", "webkit"].map((name) => ({
  name: `pages in ${name}`,
  command: vitest(name),
  needs: ["browsers", "build", "peers"],
}));

/**
 * What `npm test` runs, one line each; two at a time, one of those that mostly wait beside one of those that mostly
 * compute, in this order: long ones first. `command` ends with a line `N passed, N failed`; with `exit` it counts as one
 * test that passes when the command exits with 0. `needs` names what is set up or made before it: see prepare.mjs.
 * `check` puts a step into `npm run check`, "only" into nothing else; `waits` marks one that mostly waits, and `minutes`
 * is how long it may take (20).
 */
export const steps = [
  { name: "e2e", command: vitest("e2e"), needs: ["runtimes", "browsers", "package", "peers"], waits: true },
  { name: "processes", command: vitest("processes"), needs: ["runtimes", "servers"], waits: true },
  { name: "unit", command: vitest("unit"), needs: ["node", "peers"], check: "only" },
  {
    name: "unit and cases, with coverage",
    command: [process.execPath, "scripts/coverage.mjs", "--project", "unit", "--project", "cases"],
    needs: ["node", "servers", "peers"],
  },
  { name: "package", command: vitest("package"), needs: ["runtimes", "consumers", "jest", "package"] },
  ...pages,
  ...cases,
  { name: "cases on workerd, package", command: [...node24, "e2e/cases/workerd.ts"], needs: ["runtimes", "build"] },
  {
    name: "lint",
    command: [...modules("oxlint/bin/oxlint"), "--type-aware", "--deny-warnings", "--format=unix"],
    exit: true,
    check: true,
  },
  { name: "types", command: [...modules("typescript/bin/tsc"), "-p", "tsconfig.json"], exit: true, check: true },
  {
    name: "types of src",
    command: [...modules("typescript/bin/tsc"), "-p", "tsconfig.build.json", "--noEmit"],
    exit: true,
    check: true,
  },
  { name: "format", command: [...modules("oxfmt/bin/oxfmt"), "--check"], exit: true, check: true },
];
