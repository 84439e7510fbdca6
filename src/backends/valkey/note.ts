/**
 * Notes changes in the log, in the script that makes them: a stream beside the values, where a string beside it says how much
 * of them is kept. All who write keep to that, also without the option. A change that cannot be noted leaves no log behind, in
 * which it would be missing. To be put before a script.
 */
export const noteChanges: string = `
local function note(settings, log, word, changes)
  local kept = redis.pcall('GET', settings)
  if type(kept) ~= 'string' then return end
  local most = string.match(kept, '^%d+')
  for i = 1, #changes do
    local added = redis.pcall('XADD', log, 'MAXLEN', '~', most, '*', 'w', word, 'c', changes[i])
    if type(added) == 'table' then
      redis.pcall('DEL', log)
      return
    end
  end
end
`;

let words: Uint32Array<ArrayBuffer> | undefined;
let used = Infinity;

/** Returns digits that nobody has had before: 64 random bits. */
export function randomWord(): string {
  if (used >= 512) {
    words = crypto.getRandomValues(words ?? new Uint32Array(512));
    used = 0;
  }
  return `${words![used++]!}${String(words![used++]!).padStart(10, "0")}`;
}
