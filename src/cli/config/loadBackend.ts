import { isStoreError, quote, StoreError } from "../../core/error.ts";
import type { Factory, Registry } from "../../core/registry.ts";
import { limits, within } from "../within.ts";

/** What a module that brings a backend exports. */
export interface BackendModule {
  /** The name by which a configuration opens it. */
  readonly name: string;
  readonly factory: Factory;
}

/**
 * Loads a module that exports a backend's `name` and its `factory`, and registers it. A name that begins with a dot or a
 * slash is a file's, counted from the folder; any other a package's, as it is installed for that folder or beside this one.
 * Rejects `bad-config`, also when it takes longer than 10 s.
 */
export async function loadBackend(name: string, folder: string, registry: Registry): Promise<void> {
  let module: Partial<BackendModule>;
  try {
    const found = import(/* @vite-ignore */ await locate(name, folder)) as Promise<Partial<BackendModule>>;
    module = await within(found, limits.load, (time) => {
      return new StoreError(
        "bad-config",
        `Cannot load backend ${quote(name)}: expected a module that is loaded ${time}`,
      );
    });
  } catch (cause) {
    if (isStoreError(cause, "bad-config")) throw cause;
    const reason = cause instanceof Error ? cause.message.split(/\n| imported from /, 1)[0] : quote(cause);
    throw new StoreError("bad-config", `Cannot load backend ${quote(name)}: ${reason}`, { cause });
  }
  try {
    registry.register(module.name!, module.factory!);
  } catch (error) {
    if (!isStoreError(error)) throw error;
    const got = Object.keys(module).map(quote).join(", ") || "nothing";
    const expected = "a module that exports name and factory (with valid and build)";
    throw new StoreError("bad-config", `Cannot load backend ${quote(name)}: expected ${expected}, got ${got}`);
  }
}

/** Returns what the runtime can import: the URL of a file, or the name of a package as it is. */
async function locate(name: string, folder: string): Promise<string> {
  const { dirname, isAbsolute, join, resolve } = await import("node:path");
  const { pathToFileURL } = await import("node:url");
  if (/^\.\.?\//.test(name) || isAbsolute(name)) return pathToFileURL(resolve(folder, name)).href;
  if (/^[a-z]+:/.test(name)) return name;
  const [, packageName, path] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(name) ?? [];
  if (packageName === undefined) return name;
  const { existsSync, readFileSync } = await import("node:fs");
  for (let at = resolve(folder), above = ""; at !== above; above = at, at = dirname(at)) {
    const home = join(at, "node_modules", packageName);
    if (!existsSync(join(home, "package.json"))) continue;
    const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as Manifest;
    return pathToFileURL(join(home, entryOf(manifest, path))).href;
  }
  return name;
}

interface Manifest {
  readonly main?: string;
  readonly exports?: unknown;
}

/** Returns the file that a package gives to who imports it, or a part of it. */
function entryOf({ exports, main = "index.js" }: Manifest, path = ""): string {
  if (exports === undefined || exports === null) return path ? path.slice(1) : main;
  const parts = Object(exports) as Record<string, unknown>;
  const isMap = Object.keys(parts).some((key) => key.startsWith("."));
  const target = pick(isMap && typeof exports === "object" ? parts[`.${path}`] : path ? undefined : exports);
  if (target !== undefined) return target;
  throw new Error(`expected a package that exports ${quote(`.${path}`)}`);
}

function pick(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  if (Array.isArray(target)) return target.map(pick).find((each) => each !== undefined);
  for (const [condition, each] of Object.entries(Object(target) as object)) {
    if (!["import", "module-sync", "node", "default"].includes(condition)) continue;
    const found = pick(each);
    if (found !== undefined) return found;
  }
  return undefined;
}
