import type { Store } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { isGiven, joinBytes } from "../../core/value.ts";
import { exitCodes, jsonOption, type Command, type Invocation } from "../command.ts";
import { toLine } from "../entryLine.ts";
import { atOption, readLifetime, ttlOption } from "../lifetime.ts";
import { storeOptions, withStore } from "../store.ts";
import { reasonOf } from "../reasonOf.ts";
import type { World } from "../world.ts";

const options = { ...storeOptions, json: jsonOption };

/** Does the work on the value of a key, and with --json writes what came of it. */
async function change(invocation: Invocation, work: (store: Store, key: string) => Promise<object>): Promise<number> {
  const { words, world, isJson } = invocation;
  const [key = ""] = words;
  const result = await withStore(invocation, (store) => work(store, key));
  if (isJson) await world.write(`${JSON.stringify({ key, ...result })}\n`);
  return exitCodes.done;
}

const getCommand: Command = {
  name: "get",
  summary: "write the bytes of a value, and nothing else",
  words: "KEY",
  options,
  details:
    "With --json: the key, the value as text (or base64, if it is no UTF-8) and expiresAt (epoch ms), if it expires.",
  examples: ["shelflife get greeting", "shelflife get logo.png --url https://store.example/ > logo.png"],
  async run(invocation) {
    const { words, world, isJson } = invocation;
    const [key = ""] = words;
    const entry = await withStore(invocation, (store) => store.entry(key));
    if (!entry) throw missing(key);
    await world.write(isJson ? `${JSON.stringify(toLine(key, entry))}\n` : entry.value);
    return exitCodes.done;
  },
};

const setCommand: Command = {
  name: "set",
  summary: "write a value: the one given, of a file, or what comes in",
  words: "KEY [VALUE]",
  options: {
    ...storeOptions,
    ttl: ttlOption,
    at: atOption,
    file: { type: "string", value: "FILE", help: "the file that holds the value" },
    "if-absent": { type: "boolean", help: "only if there is none; exits with 1 otherwise" },
    json: jsonOption,
  },
  details: `Without --ttl or --at the value never expires, whatever deadline there was. A deadline that is past leaves no
value. A VALUE that begins with - comes after --.`,
  examples: [
    "shelflife set greeting hello --ttl 5m",
    "shelflife set sale 'half price' --at 2030-01-31T18:00:00+01:00",
    "shelflife set logo.png --file logo.png",
    "date | shelflife set started --url http://127.0.0.1:8787/",
    'shelflife set lock "$$" --if-absent --ttl 30s && ./job',
  ],
  async run(invocation) {
    const { options, flags } = invocation;
    const lifetime = readLifetime(options);
    const value = await readValue(invocation);
    return change(invocation, async (store, key) => {
      if (!flags["if-absent"]) await store.set(key, value, lifetime);
      else if (!(await store.setIfAbsent(key, value, lifetime))) throw new StoreError("not-found", `Key ${quote(key)} has a value already`, { key }); // prettier-ignore
      return { bytes: value.length };
    });
  },
};

const deleteCommand: Command = {
  name: "delete",
  summary: "remove a value",
  words: "KEY",
  options,
  examples: ["shelflife delete greeting"],
  run: (invocation) =>
    change(invocation, async (store, key) => {
      await store.delete(key);
      return { deleted: true };
    }),
};

const takeCommand: Command = {
  name: "take",
  summary: "write the bytes of a value and remove it, in one step",
  words: "KEY",
  options,
  examples: ["shelflife take job/1"],
  async run(invocation) {
    const { words, world, isJson } = invocation;
    const [key = ""] = words;
    const value = await withStore(invocation, (store) => store.take(key));
    if (!value) throw missing(key);
    const line = toLine(key, { value, expiresAt: Infinity });
    await world.write(isJson ? `${JSON.stringify(line)}\n` : value);
    return exitCodes.done;
  },
};

const incrementCommand: Command = {
  name: "increment",
  summary: "add to a number and write the sum",
  words: "KEY",
  options: {
    ...storeOptions,
    by: { type: "string", value: "N", help: "how much to add; 1 if absent" },
    ttl: { ...ttlOption, help: `if there is no number yet, ${ttlOption.help}` },
    at: { ...atOption, help: `if there is no number yet, ${atOption.help}` },
    json: jsonOption,
  },
  examples: ["shelflife increment visits", "shelflife increment stock --by -3"],
  async run(invocation) {
    const { words, options, world, isJson } = invocation;
    const [key = ""] = words;
    const { by = "1" } = options;
    const lifetime = readLifetime(options);
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(by)) throw new StoreError("invalid-argument", `Invalid --by: expected a number, got ${quote(by)}`); // prettier-ignore
    const value = await withStore(invocation, (store) => store.increment(key, Number(by), lifetime));
    await world.write(isJson ? `${JSON.stringify({ key, value })}\n` : `${value}\n`);
    return exitCodes.done;
  },
};

const touchCommand: Command = {
  name: "touch",
  summary: "give a value another lifetime",
  words: "KEY",
  options: {
    ...storeOptions,
    ttl: { ...ttlOption, help: `${ttlOption.help}; or never` },
    at: atOption,
    json: jsonOption,
  },
  examples: ["shelflife touch session/a1 --ttl 30m", "shelflife touch greeting --ttl never"],
  async run(invocation) {
    const lifetime = readLifetime(invocation.options);
    if (!isGiven(lifetime)) throw new StoreError("invalid-argument", "Cannot touch: expected --ttl or --at");
    return change(invocation, async (store, key) => {
      if (!(await store.touch(key, lifetime as { ttl: number }))) throw missing(key);
      return { touched: true };
    });
  },
};

/** The commands that are about one value. */
export const valueCommands: readonly Command[] = [
  getCommand,
  setCommand,
  deleteCommand,
  takeCommand,
  incrementCommand,
  touchCommand,
];

async function readValue({ words, options, world }: Invocation): Promise<Uint8Array> {
  const [, word] = words;
  const { file } = options;
  if (word !== undefined && file !== undefined) {
    throw new StoreError("invalid-argument", "Cannot set: expected a VALUE or --file, got both");
  }
  if (word !== undefined) return new TextEncoder().encode(word);
  return file === undefined ? readAll(world.input()) : readFile(file, world);
}

async function readFile(name: string, { folder }: World): Promise<Uint8Array> {
  const { readFile } = await import("node:fs/promises");
  const { resolve } = await import("node:path");
  return readFile(resolve(folder, name)).catch((cause: Error) => {
    throw new StoreError("unavailable", `Cannot read the value from ${quote(name)}: ${reasonOf(cause)}`, { cause });
  });
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(chunk);
  return joinBytes(chunks);
}

function missing(key: string): StoreError {
  return new StoreError("not-found", `No value for key ${quote(key)}: expected a live one`, { key });
}
