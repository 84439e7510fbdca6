/** The suites that are done in a page. */
export const inBrowser = ["indexeddb", "localstorage", "offline"];

/** Those that other runtimes than Node can do. */
export const inRuntimes = ["memory", "hits", "growth", "sqlite", "valkey", "http"];

/** What each flag takes: in the words of the message for a wrong one, and the rule. */
const flags = {
  rounds: ["9", /^[1-9]\d{0,3}$/],
  browser: ["chromium | firefox | webkit", /^(chromium|firefox|webkit)$/],
  runtime: ["node | bun | deno", /^(node|bun|deno)$/],
  only: ["a part of a work's title", /./],
  peers: ["part of a name,another", /./],
  // Writes down what is measured of a suite, and leaves the rest of its results as they are.
  keep: ["", /^$/],
  // Measures nothing, and writes the pages and charts anew from the results that there are.
  pages: ["", /^$/],
};

/** Reads a command line of the bench. Throws an error that lists what there is, for anything else than that. */
export function readArguments(args, suites) {
  const known = Object.entries(flags).map(([name, [example]]) => `--${name}${example && `=${example}`}`);
  const refuse = (arg, expected) => {
    throw new Error(`Cannot measure with ${JSON.stringify(arg)}: expected ${expected}`);
  };
  const options = {};
  for (const arg of args.filter((arg) => arg.startsWith("-"))) {
    const [, name = "", value = ""] = /^--(\w+)(?:=(.+))?$/.exec(arg) ?? [];
    const [, rule] = Object.hasOwn(flags, name) ? flags[name] : [];
    if (!rule?.test(value)) refuse(arg, `names of suites (${suites.join(", ")}) and of ${known.join(", ")}`);
    options[name] = value;
  }
  if ("pages" in options && args.length > 1) refuse("--pages", "nothing beside it");
  if ("keep" in options && (!options.only || options.peers)) refuse("--keep", "--only beside it, and no --peers");
  const named = args.filter((arg) => !arg.startsWith("-"));
  for (const name of named) if (!suites.includes(name)) refuse(name, `some of ${suites.join(", ")}`);

  let possible = "pages" in options ? [] : suites;
  if (options.browser) possible = inBrowser;
  if (options.runtime && options.runtime !== "node") possible = inRuntimes;
  if (options.browser && options.runtime) refuse(`--runtime=${options.runtime}`, "no browser beside it");
  for (const name of named)
    if (!possible.includes(name)) refuse(name, `some of ${possible.join(", ")}, which run there`);
  return { suites: named.length ? named : suites.filter((name) => possible.includes(name)), options };
}
