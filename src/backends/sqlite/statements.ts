/** How many entries one statement writes: a call of SQLite costs as much as a short row. */
export const rowsAtOnce = 16;
/** The same of those that are left over. */
export const fewRowsAtOnce = 4;

// A whole number comes as one of JavaScript whatever its size, which Node would refuse to give; anything else as it is.
const deadline =
  "CASE WHEN typeof(expires_at) = 'integer' THEN CAST(expires_at AS REAL) ELSE expires_at END AS expires_at";

/** What is asked of the table of entries. */
export const statements: Readonly<
  Record<
    | "get"
    | "head"
    | "set"
    | "setSome"
    | "setFew"
    | "delete"
    | "list"
    | "listOn"
    | "read"
    | "readOn"
    | "clear"
    | "clearAll"
    | "soonest"
    | "sweep"
    | "sweepWithin",
    string
  >
> = {
  get: `SELECT value, ${deadline} FROM entries WHERE key = ?`,
  head: `SELECT ${deadline} FROM entries WHERE key = ?`,
  set: set(1),
  setSome: set(rowsAtOnce),
  setFew: set(fewRowsAtOnce),
  delete: `DELETE FROM entries WHERE key = ? RETURNING ${deadline}`,
  list: list(">=", "length(value) AS size"),
  listOn: list(">", "length(value) AS size"),
  read: list(">=", "value"),
  readOn: list(">", "value"),
  clear: "DELETE FROM entries WHERE key >= ? AND key < CAST(? AS TEXT)",
  // Without a condition SQLite need not look at what it removes.
  clearAll: "DELETE FROM entries",
  soonest: "SELECT expires_at FROM entries WHERE expires_at IS NOT NULL ORDER BY expires_at LIMIT 1",
  sweep: sweep(""),
  // By the deadlines, of which there are no more than by the keys: a + keeps the index of those out.
  sweepWithin: sweep("AND +key >= ? AND +key < CAST(? AS TEXT)"),
};

function set(rows: number): string {
  return `INSERT INTO entries (key, value, expires_at) VALUES ${Array(rows).fill("(?, ?, ?)").join()}
          ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`;
}

function sweep(condition: string): string {
  return `DELETE FROM entries WHERE rowid IN
            (SELECT rowid FROM entries WHERE expires_at <= ? ${condition} ORDER BY expires_at LIMIT ?)
          RETURNING CAST(key AS BLOB) AS key`;
}

// In the order of the column, which the index has, and not of what the result calls by the same name.
function list(from: string, column: string): string {
  return `SELECT CAST(key AS BLOB) AS key, ${deadline}, ${column} FROM entries
          WHERE key ${from} ? AND key < CAST(? AS TEXT) ORDER BY entries.key LIMIT ?`;
}
