import { exitCodes, type Command, type Option } from "./command.ts";

/** The options that every command has. */
export const commonOptions: Readonly<Record<string, Option>> = {
  help: { type: "boolean", help: "show this" },
  debug: { type: "boolean", help: "show the stack of an error" },
};

/** Returns the list of all commands. */
export function writeOverview(commands: readonly Command[]): string {
  return [
    "shelflife: bytes with an expiry, served or at hand",
    "",
    "Usage: shelflife COMMAND [options]",
    "",
    "Commands:",
    ...align(commands.map(({ name, words = "", summary }) => [`${name} ${words}`.trim(), summary])),
    "",
    "Which store: --config FILE (its store), --store JSON, or --url URL of one that is served, with the token in",
    "SHELFLIFE_TOKEN. Without any it is ./shelflife.db, if there is one.",
    "",
    `Exit codes: ${exitCodes.done} done; ${exitCodes.miss} no such value; ${exitCodes.usage} wrong usage or configuration; ${exitCodes.failed} failed;`,
    `130, 143 interrupted; ${exitCodes.readerLeft} nobody reads the output any more.`,
    "",
    "shelflife COMMAND --help says more about a command; shelflife --version which one this is.",
    "",
  ].join("\n");
}

/** Returns what a command is for and how it is used. */
export function writeHelp({ name, words = "", summary, options, details, examples }: Command): string {
  return [
    `${summary[0]!.toUpperCase()}${summary.slice(1)}.`,
    "",
    `Usage: shelflife ${[name, words].join(" ").trim()} [options]`,
    "",
    "Options:",
    ...align(
      Object.entries({ ...options, ...commonOptions }).map(([option, { value, help }]) => [
        `--${option}${value === undefined ? "" : ` ${value}`}`,
        help,
      ]),
    ),
    ...(details === undefined ? [] : ["", details]),
    "",
    "Examples:",
    ...examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

function align(rows: readonly (readonly [string, string])[]): string[] {
  const width = rows.reduce((most, [name]) => Math.max(most, name.length), 0);
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}
