import { quote, StoreError } from "../../core/error.ts";
import { decodeLoosely } from "../../core/utf8.ts";
import type { ValkeyClient } from "./client.ts";
import type { Connection } from "./connection.ts";
import { isLost, isPassing } from "./error.ts";
import type { Names } from "./names.ts";
import type { Runner } from "./runner.ts";
import { createScan } from "./scan.ts";
import { nameBeside } from "./slots.ts";

/** Sees to it that no name of a store is one of another store, whatever their prefixes begin with. */
export interface Claim {
  /** Whether the database knows of the store, since there is this connection. */
  isMade(): boolean;
  /** Has the database know of the store. Rejects `bad-config` where values of others lie between its own. */
  make(client: ValkeyClient): Promise<void>;
}

/** What a claim is made of. */
export interface ClaimParts {
  readonly connection: Pick<Connection, "generation">;
  readonly names: Names;
  readonly runner: Pick<Runner, "runApart" | "toBuffer">;
}

// KEYS are two sorted sets: of prefixes whose keys are called prefix and key, of which none begins with another one, and of
// those that are set apart. ARGV has a prefix, and what is known of it already. Returns in which it is; or, where others of
// the first begin with it or it with one of them, those.
const claimScript = `
local plain, apart, prefix, known = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
if redis.call('ZSCORE', plain, prefix) then return { 'plain' } end
if redis.call('ZSCORE', apart, prefix) then return { 'apart' } end
local others = { 'shared' }
if known == '' then
  local within = redis.call('ZRANGE', plain, '(' .. prefix, '[' .. prefix .. '\\255', 'BYLEX', 'LIMIT', 0, 1000)
  for _, each in ipairs(within) do others[#others + 1] = each end
  local before = redis.call('ZRANGE', plain, '(' .. prefix, '-', 'BYLEX', 'REV', 'LIMIT', 0, 1)[1]
  if before and string.sub(prefix, 1, #before) == before then others[#others + 1] = before end
  if #others > 1 then return others end
end
redis.call('ZADD', known == 'apart' and apart or plain, 0, prefix)
return { known == 'apart' and known or 'plain' }
`;

/** Returns the claim of a store. */
export function createClaim({ connection, names, runner }: ClaimParts): Claim {
  const { prefix } = names;
  // For those who may use no names but those of their prefix.
  const mark = nameBeside(prefix, "apart");
  let known = "";
  let madeAt = 0;

  async function settle(client: ValkeyClient, layout: string): Promise<string[]> {
    const keys = ["{shelflife}plain", "{shelflife}apart"].map((name) => runner.toBuffer(nameBeside("", name)));
    const reply = await runner.runApart(client, claimScript, keys, [prefix, layout]);
    return (reply as Uint8Array[]).map((each) => decodeLoosely(each));
  }

  /** Whether there are values under the prefix that are not of these other stores. */
  async function isUsed(client: ValkeyClient, others: readonly string[]): Promise<boolean> {
    const scan = createScan(names, async () => client.nodes?.("master") ?? [client]);
    const within = others.filter((other) => other.startsWith(prefix)).map((other) => other.slice(prefix.length));
    let isFound = false;
    const found = (keys: string[]): boolean => {
      isFound ||= keys.some((key) => !within.some((other) => key.startsWith(other)));
      return !isFound;
    };
    await scan("", found);
    return isFound;
  }

  /** What the mark says, where the database's list cannot be used. */
  async function readMark(client: ValkeyClient): Promise<string> {
    const found = await runner.runApart(client, "return redis.call('GET', KEYS[1])", [runner.toBuffer(mark)], []);
    return found ? "apart" : "plain";
  }

  async function writeMark(client: ValkeyClient): Promise<void> {
    await runner.runApart(client, "redis.call('SET', KEYS[1], '1')", [runner.toBuffer(mark)], []);
  }

  async function findOut(client: ValkeyClient): Promise<string> {
    let found: readonly string[];
    try {
      found = await settle(client, known);
    } catch (error) {
      const isReadOnly = (error as Error).message.startsWith("READONLY");
      if (!isReadOnly && (isLost(error) || isPassing(error))) throw error;
      // A user without the right, or a server that takes nothing now.
      return known || readMark(client);
    }
    const [layout = "", ...others] = found;
    if (layout !== "shared") {
      if (layout === "apart") await writeMark(client).catch(() => {});
      return layout;
    }
    if (await isUsed(client, others)) {
      const problem = `option "prefix" must neither begin with nor be the beginning of ${quote(others[0])}, the prefix of another store, while there are values under both, got ${quote(prefix)}`; // prettier-ignore
      throw new StoreError("bad-config", `Cannot open store "valkey": ${problem}`);
    }
    await writeMark(client);
    return (await settle(client, "apart"))[0]!;
  }

  return {
    isMade: () => madeAt === connection.generation(),
    async make(client) {
      const generation = connection.generation();
      if (madeAt === generation) return;
      known = await findOut(client);
      names.arrange(known === "apart", runner.toBuffer);
      madeAt = generation;
    },
  };
}
