import { quote, StoreError } from "../core/error.ts";
import type { Command, Invocation, Option } from "./command.ts";
import { commonOptions } from "./help.ts";
import { suggest } from "../core/suggest.ts";
import type { World } from "./world.ts";

/** Reads the arguments of a command. Rejects `invalid-argument` for what the command does not take. */
export async function readInvocation(command: Command, args: readonly string[], world: World): Promise<Invocation> {
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
  const refuse = (problem: string): never => {
    throw new StoreError("invalid-argument", `Cannot ${command.name}: ${problem}`);
  };
  const words: string[] = [];
  const options: Record<string, string> = {};
  const flags: Record<string, boolean> = {};
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const option = Object.hasOwn(known, name) && rawName.startsWith("--") ? known[name] : undefined;
    if (!option) {
      const shown = rawName.startsWith("--") ? rawName : "-" + rawName.replace(/^-+/, "");
      const others = Object.keys(known).map((each) => `--${each}`);
      const expected = `expected one of ${others.join(", ")}`;
      return refuse(`unknown option ${quote(shown)}, ${expected}${suggest(shown, others)}`);
    }
    if (name in options || name in flags) refuse(`expected ${quote(rawName)} once`);
    if (option.type === "string" && value === undefined) refuse(`expected a value after ${quote(rawName)}`);
    if (option.type === "boolean" && value !== undefined) refuse(`expected ${quote(rawName)} without a value`);
    if (option.type === "string") options[name] = value!;
    else flags[name] = true;
  }
  const [least, most] = countWords(command);
  if (words.length < least || words.length > most) {
    const expected = command.words ?? "no words besides options";
    refuse(`expected ${expected}, got ${words.length ? words.map(quote).join(" ") : "nothing"}`);
  }
  return { words, options, flags, world, isJson: !!flags.json };
}

/** How many words a command takes: at least, and at most. */
function countWords({ words = "" }: Command): [least: number, most: number] {
  const all = words.split(" ").filter((word) => word !== "");
  return [all.filter((word) => !word.startsWith("[")).length, all.length];
}

/** Whether a flag stands before the end of the options. */
export function hasFlag(args: readonly string[], flag: string): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? undefined : end).includes(flag);
}
