import { isStoreError, quote, StoreError } from "../../core/error.ts";
import { createToken, tokens, type Action } from "../../service/tokens.ts";
import { exitCodes, jsonOption, type Command } from "../command.ts";
import { atOption, readLifetime } from "../lifetime.ts";
import { suggest } from "../../core/suggest.ts";
import { reasonOf } from "../reasonOf.ts";

const actions: Readonly<Record<Action, true>> = { read: true, write: true, list: true, watch: true };

/** Makes a bearer token. */
export const tokenCommand: Command = {
  name: "token",
  summary: "make a bearer token, which is shown this once",
  words: "[NAME]",
  options: {
    name: { type: "string", value: "NAME", help: "what its holder is called in counts and logs" },
    prefix: { type: "string", value: "TEXT", help: "what its keys begin with in the store, unseen by the holder" },
    can: { type: "string", value: "LIST", help: "read,write,list,watch or some of them; everything if absent" },
    ttl: { type: "string", value: "TIME", help: "how long it is good for: 12h, 30d; for ever if absent" },
    at: atOption,
    "add-to": { type: "string", value: "FILE", help: "the token file that lets it in from then on" },
    json: jsonOption,
  },
  details: `Writes the token, and without --add-to the line that lets it in: for the file that "tokens" in a configuration
names. The line holds the token's SHA-256, and not the token. A server reads it within a second.`,
  examples: [
    "shelflife token web --prefix web/ --can read,write --ttl 30d --add-to tokens.jsonl",
    "SHELFLIFE_TOKEN=$(shelflife token backup --can read,list --add-to tokens.jsonl)",
  ],
  async run({ words, options, isJson, world }) {
    const { prefix, can, "add-to": file, name = words[0] } = options;
    const now = world.now();
    const { expiresAt = Infinity, ttl = expiresAt - now } = readLifetime(options);
    if (name === undefined || (words.length && options.name !== undefined)) {
      throw new StoreError("invalid-argument", "Cannot make a token: expected one name, of whoever it is for");
    }
    if (ttl <= 0) throw new StoreError("invalid-argument", `Invalid --at: expected a time to come, got ${quote(options.at)}`); // prettier-ignore
    const { token, line } = await createToken({
      name,
      ...(prefix !== undefined && { prefix }),
      ...(can !== undefined && { can: readActions(can) }),
      ttl,
      now: () => now,
    });
    // The token is shown after its line is in the file: a token that is seen can be used.
    if (file !== undefined) await append(file, line, world.folder);
    if (isJson) await world.write(`${JSON.stringify({ token, line: JSON.parse(line) as unknown })}\n`);
    else await world.write(file === undefined ? `${token}\n${line}\n` : `${token}\n`);
    return exitCodes.done;
  },
};

function readActions(text: string): Action[] {
  return text.split(",").map((each) => {
    const action = each.trim();
    if (Object.hasOwn(actions, action)) return action as Action;
    const names = Object.keys(actions);
    const message = `Invalid --can: expected some of ${names.join(",")}, got ${quote(action)}${suggest(action, names)}`;
    throw new StoreError("invalid-argument", message);
  });
}

/** Adds a line to a token file, which is made for its owner alone if there is none. */
async function append(name: string, line: string, folder: string): Promise<void> {
  const { open } = await import("node:fs/promises");
  const { resolve } = await import("node:path");
  const path = resolve(folder, name);
  try {
    const file = await open(path, "a+", 0o600);
    try {
      const { size } = await file.stat();
      // Not to whatever file it is: what others can read in it has to be tokens.
      if (size > 0) (await tokens({ path })).close();
      const last = new Uint8Array(1);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      const isCut = size > 0 && last[0] !== 10;
      await file.appendFile(`${isCut ? "\n" : ""}${line}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (isStoreError(cause)) throw cause;
    throw new StoreError("unavailable", `Cannot add the token to ${quote(name)}: ${reasonOf(cause)}`, { cause });
  }
}
