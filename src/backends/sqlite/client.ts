import { StoreError } from "../../core/error.ts";

/** What a statement takes and gives. */
export type Cell = string | number | Uint8Array | null;

/** One row, by the names of its columns. */
export type Row = Record<string, Cell>;

/** All that is asked of SQLite, whoever brings it. Statements are prepared once and kept. */
export interface Client {
  /** The first row, if there is one. */
  get(sql: string, ...cells: Cell[]): Row | undefined;
  /** The cells of the first row, which some runtimes give sooner than a row with names. */
  first(sql: string, ...cells: Cell[]): readonly Cell[] | undefined;
  all(sql: string, ...cells: Cell[]): Row[];
  run(sql: string, ...cells: Cell[]): void;
  /** The same with many cells. */
  runWith(sql: string, cells: readonly Cell[]): void;
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
  /** Bun's way to get cells without names. */
  values?(...cells: Cell[]): Cell[][];
  /** Node's way, from 24 on: other runtimes have none. */
  setReturnArrays?(enabled: boolean): void;
  finalize?(): void;
}

interface Runtime {
  process?: {
    versions?: { bun?: string };
    getBuiltinModule?(name: string): unknown;
    emitWarning(...warning: unknown[]): void;
  };
}

/** Whether this runtime has SQLite. It is not loaded for that. */
export function hasSqlite(): boolean {
  const { process } = globalThis as Runtime;
  const modules = process?.getBuiltinModule?.("node:module") as { isBuiltin?(name: string): boolean } | undefined;
  return !!process?.versions?.bun || !!modules?.isBuiltin?.("node:sqlite");
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
  const bare = new Map<string, (cells: Cell[]) => readonly Cell[] | undefined>();

  function prepare(sql: string): Statement {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = driver.prepare(sql)));
    return statement;
  }

  /** The fastest way of a runtime to the cells of a first row. */
  function prepareBare(sql: string): (cells: Cell[]) => readonly Cell[] | undefined {
    // One of its own, because what it returns is set once and for all.
    const statement = driver.prepare(sql);
    statements.set(`${sql} `, statement);
    if (statement.values) return (cells) => statement.values!(...cells)[0];
    if (statement.setReturnArrays) {
      statement.setReturnArrays(true);
      return (cells) => statement.get(...cells) as unknown as readonly Cell[] | undefined;
    }
    return (cells) => {
      const row = statement.get(...cells);
      return row ? Object.values(row) : undefined;
    };
  }

  return {
    get: (sql, ...cells) => prepare(sql).get(...cells) ?? undefined,
    first(sql, ...cells) {
      let read = bare.get(sql);
      if (!read) bare.set(sql, (read = prepareBare(sql)));
      return read(cells);
    },
    all: (sql, ...cells) => prepare(sql).all(...cells),
    run: (sql, ...cells) => void prepare(sql).run(...cells),
    runWith: (sql, cells) => void prepare(sql).run(...cells),
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
