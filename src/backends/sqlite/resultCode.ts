/** The result codes of SQLite that matter here (sqlite.org/rescode.html). */
export const sqliteCode = {
  busy: 5,
  locked: 6,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  protocol: 15,
  tooBig: 18,
  notADatabase: 26,
} as const;

// By which a code is recognised where the runtime reports none.
const texts: readonly (readonly [text: string, code: number])[] = [
  ["database is locked", sqliteCode.busy],
  ["table is locked", sqliteCode.locked],
  ["disk I/O error", sqliteCode.ioError],
  ["malformed", sqliteCode.corrupt],
  ["is full", sqliteCode.full],
  ["unable to open", sqliteCode.cantOpen],
  ["locking protocol", sqliteCode.protocol],
  ["too big", sqliteCode.tooBig],
  ["not a database", sqliteCode.notADatabase],
];

/** Returns SQLite's result code of an error, or `undefined` for one that is not SQLite's. */
export function resultCodeOf(error: unknown): number | undefined {
  const { errcode, errno, message } = (error ?? {}) as { errcode?: unknown; errno?: unknown; message?: unknown };
  const code = errcode ?? errno;
  // The upper bits only say more about it. Those of the operating system are negative.
  if (typeof code === "number") return code > 0 ? code & 0xff : undefined;
  // Deno does not always report the code.
  return texts.find(([text]) => String(message).includes(text))?.[1];
}

/** Whether another connection holds the lock that was asked for: the same may work in a while. */
export function isBusy(code: number | undefined): boolean {
  return code === sqliteCode.busy || code === sqliteCode.locked || code === sqliteCode.protocol;
}

/** Whether the connection or its file may be of no more use. */
export function isBroken(code: number | undefined): boolean {
  return (
    code === sqliteCode.ioError ||
    code === sqliteCode.corrupt ||
    code === sqliteCode.cantOpen ||
    code === sqliteCode.notADatabase
  );
}
