import { isStoreError, quote, StoreError, type StoreErrorCode } from "../core/error.ts";
import { exitCodes, type Command } from "./command.ts";
import { exportCommand } from "./commands/export.ts";
import { importCommand } from "./commands/import.ts";
import { listCommand } from "./commands/list.ts";
import { methodsCommand } from "./commands/methods.ts";
import { serveCommand } from "./commands/serve.ts";
import { tokenCommand } from "./commands/token.ts";
import { valueCommands } from "./commands/values.ts";
import { watchCommand } from "./commands/watch.ts";
import { writeHelp, writeOverview } from "./help.ts";
import { hasFlag, readInvocation } from "./readInvocation.ts";
import { suggest } from "../core/suggest.ts";
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

/** Does what a command line asks for, and resolves with the code to exit with. Errors are reported, and never thrown. */
export async function run(args: readonly string[], world: World): Promise<number> {
  try {
    return await Promise.race([runCommand(args, world), failWhenStarved(args, world)]);
  } catch (error) {
    if (error === readerLeft) return exitCodes.readerLeft;
    if (error instanceof Interruption) return error.exitCode;
    world.report(writeError(error, args));
    return exitCodeOf(error);
  }
}

/** Rejects when a command waits for what can never come: a promise of somebody else's backend that nothing settles. */
async function failWhenStarved([name]: readonly string[], world: World): Promise<never> {
  await world.starved();
  const expected = "expected an answer of the store, got none, and nothing is under way any more";
  throw new StoreError("unavailable", `Cannot go on with ${name}: ${expected}`);
}

async function runCommand(args: readonly string[], world: World): Promise<number> {
  const [name = "--help", ...rest] = args;
  if (name === "--version") {
    await world.write(`${await readVersion(world)}\n`);
    return exitCodes.done;
  }
  const command = commands.find((each) => each.name === (name === "help" ? rest[0] : name));
  if (!command) return runOther(name === "help" ? (rest[0] ?? "--help") : name, args.length > 0, world);
  if (name === "help" || hasFlag(rest, "--help") || hasFlag(rest, "-h")) {
    await world.write(writeHelp(command));
    return exitCodes.done;
  }
  return command.run(await readInvocation(command, rest, world));
}

async function runOther(name: string, isAsked: boolean, world: World): Promise<number> {
  if (name !== "--help" && name !== "-h") {
    const names = commands.map((each) => each.name);
    const expected = `expected one of ${names.join(", ")}`;
    const message = `Unknown command: ${expected}, got ${quote(name)}${suggest(name, ["help", ...names])}`;
    throw new StoreError("invalid-argument", message);
  }
  const overview = writeOverview(commands);
  if (isAsked) await world.write(overview);
  else world.report(overview);
  return isAsked ? exitCodes.done : exitCodes.usage;
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
  if (hasFlag(args, "--debug")) return `${stack ?? message}\n${"cause" in Object(error) ? showCause(error) : ""}`;
  if (!hasFlag(args, "--json")) return `${message}\n`;
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
