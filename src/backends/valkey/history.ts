import type { Call, LogPage, LogQuery } from "../../core/contract.ts";
import type { History } from "../../core/history.ts";
import { decodeLoosely } from "../../core/utf8.ts";
import type { Names } from "./names.ts";
import { readChange } from "./message.ts";
import { randomWord } from "./note.ts";
import type { Pipeline } from "./pipeline.ts";

// ARGV has what is asked for ("" for whatever is there, "none"), a secret for a new log, a random word for its first entry, the
// entry after which is read with its own word, and how many entries. Returns the secret and the last entry, and if that one is
// still there, it and those after it.
const readScript = `
local settings, log = KEYS[1], KEYS[2]
local asked, after, limit = ARGV[1], ARGV[4], tonumber(ARGV[6])
local kept = redis.pcall('GET', settings)
if type(kept) ~= 'string' then kept = nil end
if asked == 'none' then
  if kept then redis.call('DEL', settings, log) end
  return false
end
local secret = kept and string.match(kept, '^%d+ %d+ (.+)$')
if asked ~= '' and (not secret or string.sub(kept, 1, #asked + 1) ~= asked .. ' ') then
  if not secret then
    redis.pcall('DEL', log)
    secret = ARGV[2]
  end
  local written = redis.pcall('SET', settings, asked .. ' ' .. secret)
  if written.err then return false end
end
if not secret then return false end
local last = redis.pcall('XREVRANGE', log, '+', '-', 'COUNT', 1)
if last.err then return false end
if not last[1] then
  if redis.pcall('XADD', log, '*', 'w', ARGV[3], 'c', '')['err'] then return false end
  last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)
end
if after == '' then return { secret, last[1] } end
local found = redis.call('XRANGE', log, after, '+', 'COUNT', limit + 1)
if not found[1] or found[1][1] ~= after or found[1][2][2] ~= ARGV[5] then return { secret, last[1] } end
return { secret, last[1], found }
`;

// Removes what is older than is asked for, but for the last entry.
const trimScript = `
local settings, log = KEYS[1], KEYS[2]
local kept = redis.pcall('GET', settings)
local age = type(kept) == 'string' and string.match(kept, '^%d+ (%d+) ')
local last = age and redis.pcall('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if not last then return 0 end
local time = redis.call('TIME')
local old = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(age)
local from = math.min(math.max(old, 0), tonumber(string.match(last[1], '^%d+')))
return redis.call('XTRIM', log, 'MINID', string.format('%.0f', from))
`;

/** What is kept of changes. */
export interface ChangeHistory {
  /** Reads it; nothing where nothing is kept. */
  read(query: LogQuery, call: Call): Promise<LogPage | undefined>;
  /** Forgets what is too old. */
  trim(): Promise<void>;
}

type RawEntry = readonly [id: Uint8Array, fields: readonly Uint8Array[]];

/** Returns what is kept of a store's changes. In a cluster whose keys are in many slots nothing is. */
export function createChangeHistory(
  { ready, evaluate, placement }: Pick<Pipeline, "ready" | "evaluate" | "placement">,
  names: Pick<Names, "start">,
  history: History | false | undefined,
): ChangeHistory {
  const asked = history ? `${history.maxChanges} ${Math.min(Math.ceil(history.maxAge), Number.MAX_SAFE_INTEGER)}` : history === false ? "none" : ""; // prettier-ignore
  const hasNone = async (): Promise<boolean> => placement.isScattered(await ready());

  function toPosition([id, [, word]]: RawEntry): string {
    return `${decodeLoosely(id)}-${decodeLoosely(word!)}`;
  }

  return {
    async read({ after, prefix, limit }) {
      if (await hasNone()) return undefined;
      const [, id, word] = /^(\d{1,16}-\d{1,16})-(\d{1,20})$/.exec(after ?? "") ?? [];
      const from = after === undefined ? ["", ""] : [id ?? "0-0", word ?? ""];
      const args = [asked, crypto.randomUUID(), randomWord(), ...from, String(limit)];
      const reply = await evaluate(readScript, placement.history(), args);
      if (!reply) return undefined;
      const [secretBytes, last, found] = reply as [Uint8Array, RawEntry, (readonly RawEntry[])?];
      const secret = decodeLoosely(secretBytes);
      if (!found)
        return { changes: after === undefined ? [] : undefined, position: toPosition(last), isLast: true, secret };
      const entries = found.slice(1);
      const changes = entries.flatMap((entry) => {
        const [, , , text] = entry[1];
        const change = text!.length ? readChange(text!, names.start().length) : undefined;
        return change?.key.startsWith(prefix) ? [{ ...change, position: toPosition(entry) }] : [];
      });
      return { changes, position: toPosition(found.at(-1)!), isLast: entries.length < limit, secret };
    },
    async trim() {
      if (!(await hasNone())) await evaluate(trimScript, placement.history(), []);
    },
  };
}
