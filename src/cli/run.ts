import { isStoreError, quote, StoreError, type StoreErrorCode } from "../core/error.ts";
import { exitCodes, type Command, type Given, type Option } from "./command.ts";
import { exportCommand } from "./commands/export.ts";
import { commonOptions, writeHelp, writeOverview } from "./help.ts";
import { importCommand } from "./commands/import.ts";
import { listCommand, methodsCommand, watchCommand } from "./commands/list.ts";
import { suggest } from "./config/nearest.ts";
import { serveCommand } from "./commands/serve.ts";
import { tokenCommand } from "./commands/token.ts";
import { valueCommands } from "./commands/values.ts";
import { Interruption, readerLeft, type World } from "./world.ts";

const commands: readonly Command[] = [
  serveCommand,
  ...valueCommands,
  listCommand,
  watchCommand,
  exportCommand,
  importCommand,
  tokenCommand,
  methodsCommand,
];

/** Does what a command line asks for, and resolves with the code to exit with. Errors are told, and never thrown. */
export async function run(args: readonly string[], world: World): Promise<number> {
  try {
    return await runCommand(args, world);
  } catch (error) {
    if (error === readerLeft) return exitCodes.readerLeft;
    if (error instanceof Interruption) return error.exitCode;
    world.tell(writeError(error, args));
    return exitCodeOf(error);
  }
}

async function runCommand(args: readonly string[], world: World): Promise<number> {
  const [name = "--help", ...rest] = args;
  if (name === "--version") {
    await world.write(`${await readVersion(world)}\n`);
    return exitCodes.done;
  }
  const command = commands.find((each) => each.name === (name === "help" ? rest[0] : name));
  if (!command) return runOther(name === "help" ? (rest[0] ?? "--help") : name, args.length > 0, world);
  if (name === "help" || asksForHelp(rest)) {
    await world.write(writeHelp(command));
    return exitCodes.done;
  }
  return command.run(await readGiven(command, rest, world));
}

async function runOther(name: string, isAsked: boolean, world: World): Promise<number> {
  if (name !== "--help" && name !== "-h") {
    const expected = `expected one of ${commands.map((each) => each.name).join(", ")}`;
    throw usage(`Unknown command: ${expected}, got ${quote(name)}`, name, [
      "help",
      ...commands.map((each) => each.name),
    ]);
  }
  const overview = writeOverview(commands);
  if (isAsked) await world.write(overview);
  else world.tell(overview);
  return isAsked ? exitCodes.done : exitCodes.usage;
}

function asksForHelp(args: readonly string[]): boolean {
  return has(args, "--help") || has(args, "-h");
}

/** Whether a flag stands before the end of the options. */
function has(args: readonly string[], flag: string): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? undefined : end).includes(flag);
}

async function readGiven(command: Command, args: readonly string[], world: World): Promise<Given> {
  const known: Readonly<Record<string, Option>> = { ...command.options, ...commonOptions };
  const { parseArgs } = await import("node:util");
  const config = Object.fromEntries(Object.entries(known).map(([option, { type }]) => [option, { type }]));
  const { tokens } = parseArgs({
    args: [...args],
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words: string[] = [];
  const options: Record<string, string> = {};
  const flags: Record<string, boolean> = {};
  const about = `Cannot ${command.name}`;
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const option = Object.hasOwn(known, name) && rawName.startsWith("--") ? known[name] : undefined;
    const shown = rawName.startsWith("--") ? rawName : "-" + rawName.replace(/^-+/, "");
    if (!option) {
      const others = Object.keys(known).map((each) => `--${each}`);
      throw usage(`${about}: unknown option ${quote(shown)}, expected one of ${others.join(", ")}`, shown, others);
    }
    if (name in options || name in flags) throw usage(`${about}: expected ${quote(rawName)} once`);
    if (option.type === "string" && value === undefined)
      throw usage(`${about}: expected a value after ${quote(rawName)}`);
    if (option.type === "boolean" && value !== undefined)
      throw usage(`${about}: expected ${quote(rawName)} without a value`);
    if (option.type === "string") options[name] = value!;
    else flags[name] = true;
  }
  if (words.length < command.least || words.length > command.most) {
    const expected = command.words || "no words besides options";
    throw usage(`${about}: expected ${expected}, got ${words.length ? words.map(quote).join(" ") : "nothing"}`);
  }
  return { words, options, flags, world, isJson: !!flags.json };
}

function usage(message: string, given?: string, names: readonly string[] = []): StoreError {
  return new StoreError("invalid-argument", message + (given === undefined ? "" : suggest(given, names)));
}

const codes: Partial<Record<StoreErrorCode, number>> = {
  "not-found": exitCodes.miss,
  "bad-config": exitCodes.usage,
  "invalid-argument": exitCodes.usage,
};

function exitCodeOf(error: unknown): number {
  return (isStoreError(error) && codes[error.code]) || exitCodes.failed;
}

/** Says what went wrong, in a line for each problem. */
function writeError(error: unknown, args: readonly string[]): string {
  const { message = String(error), stack } = (error ?? {}) as Partial<Error>;
  if (has(args, "--debug")) return `${stack ?? message}\n${"cause" in Object(error) ? showCause(error) : ""}`;
  if (!has(args, "--json")) return `${message}\n`;
  const code = isStoreError(error) ? error.code : "failed";
  return `${JSON.stringify({ error: { code, message } })}\n`;
}

function showCause(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return cause === undefined ? "" : `Caused by ${(cause as Partial<Error>)?.stack ?? String(cause)}\n`;
}

async function readVersion({ manifest }: World): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(manifest, "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
