import type { World } from "./world.ts";

/** An option of a command. */
export interface Option {
  readonly type: "string" | "boolean";
  /** What stands for its value in the help, such as "FILE". */
  readonly value?: string;
  readonly help: string;
}

/** What a command is started with. */
export interface Invocation {
  /** The arguments that are no options, in their order. */
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, boolean | undefined>>;
  readonly world: World;
  /** Whether programs read the output. */
  readonly isJson: boolean;
}

/** One word of the command line, and what it does. */
export interface Command {
  readonly name: string;
  /** What it does, in a line. */
  readonly summary: string;
  /** The words that it takes, such as "KEY [VALUE]": those in brackets may be left out. @default none */
  readonly words?: string;
  readonly options: Readonly<Record<string, Option>>;
  /** What else there is to know. */
  readonly details?: string;
  readonly examples: readonly string[];
  /** Runs it, and resolves with the code to exit with. */
  run(invocation: Invocation): Promise<number>;
}

/** The codes to exit with. An interrupted command exits with 128 and the number of the signal. */
export const exitCodes = {
  done: 0,
  /** There is no such value. */
  miss: 1,
  /** The command, its configuration or an argument is wrong. */
  usage: 2,
  /** The store, a file or the network failed, or an export is damaged. */
  failed: 3,
  /** The reader of the output has left, as after `| head`: the code that a shell has for SIGPIPE. */
  readerLeft: 141,
} as const;

/** The option by which programs read the output. */
export const jsonOption: Option = { type: "boolean", help: "write JSON, for programs" };

/** The option that selects keys. */
export const prefixOption: Option = { type: "string", value: "TEXT", help: "only keys that begin with it" };
