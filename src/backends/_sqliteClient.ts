import { StoreError } from "../core/error.ts";

/** What a statement takes and gives. */
export type Cell = string | number | Uint8Array | null;

/** One row, by the names of its columns. */
export type Row = Record<string, Cell>;

/** All that is asked of SQLite, whoever brings it. Statements are prepared once and kept. */
export interface Client {
  /** The first row, if there is one. */
  get(sql: string, ...cells: Cell[]): Row | undefined;
  all(sql: string, ...cells: Cell[]): Row[];
  run(sql: string, ...cells: Cell[]): void;
  close(): void;
}

/** The part of `node:sqlite` and `bun:sqlite` in which they are alike. */
interface Driver {
  prepare(sql: string): Statement;
  close(): void;
}

interface Statement {
  get(...cells: Cell[]): Row | undefined | null;
  all(...cells: Cell[]): Row[];
  run(...cells: Cell[]): unknown;
  finalize?(): void;
}

interface Runtime {
  process?: {
    versions?: { bun?: string };
    getBuiltinModule?(name: string): unknown;
    emitWarning(...warning: unknown[]): void;
  };
}

/** Opens a file, or makes it, with the SQLite that Node, Deno or Bun has built in. Rejects `unsupported` without one. */
export async function openClient(path: string): Promise<Client> {
  const { process } = globalThis as Runtime;
  if (process?.versions?.bun) {
    const module = (await load("bun:sqlite")) as { Database: new (path: string) => Driver } | undefined;
    if (module?.Database) return createClient(new module.Database(path));
  } else {
    const module = (await load("node:sqlite")) as { DatabaseSync: new (path: string) => Driver } | undefined;
    if (module?.DatabaseSync) return createClient(new module.DatabaseSync(path));
  }
  const expected = "expected a runtime with SQLite (Node from 22.13, Deno from 2.2, Bun from 1.2), got one without";
  throw new StoreError("unsupported", `Cannot open store "sqlite": ${expected}`);
}

function createClient(driver: Driver): Client {
  const statements = new Map<string, Statement>();

  function prepare(sql: string): Statement {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = driver.prepare(sql)));
    return statement;
  }

  return {
    get: (sql, ...cells) => prepare(sql).get(...cells) ?? undefined,
    all: (sql, ...cells) => prepare(sql).all(...cells),
    run: (sql, ...cells) => void prepare(sql).run(...cells),
    close() {
      // Bun keeps a file open, and its journal beside it, for as long as there are statements.
      for (const statement of statements.values()) statement.finalize?.();
      driver.close();
    },
  };
}

/** Loads a module of the runtime's own in a way that no bundler tries to follow. */
async function load(name: string): Promise<unknown> {
  const { process } = globalThis as Runtime;
  const found = process?.getBuiltinModule && quietly(process, () => process.getBuiltinModule!(name));
  return found ?? import(/* @vite-ignore */ /* webpackIgnore: true */ name).catch(() => undefined);
}

/** Keeps Node 22 from calling its SQLite experimental on every start. */
function quietly<T>(process: NonNullable<Runtime["process"]>, task: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = (...warning) => {
    if (!String(warning[0]).includes("SQLite")) emitWarning.apply(process, warning);
  };
  try {
    return task();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** What SQLite answers when something is wrong: its result codes (sqlite.org/rescode.html), and the texts of some. */
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
export function codeOf(error: unknown): number | undefined {
  const { errcode, errno, message } = (error ?? {}) as { errcode?: unknown; errno?: unknown; message?: unknown };
  const code = errcode ?? errno;
  // The upper bits only say more about it. Those of the operating system are negative.
  if (typeof code === "number") return code > 0 ? code & 0xff : undefined;
  // Deno does not always tell the code.
  return texts.find(([text]) => String(message).includes(text))?.[1];
}
