import type { Store } from "../core/contract.ts";
import { isStoreError, quote, StoreError } from "../core/error.ts";
import { createRegistry, type Registry } from "../core/registry.ts";
import type { Invocation, Option } from "./command.ts";
import type { Config, StoreConfig } from "./config/config.ts";
import { readConfig, readStore } from "./config/readConfig.ts";
import { withComposites } from "../over/composites.ts";
import { reasonOf } from "./reasonOf.ts";
import { limits, within } from "./within.ts";
import type { World } from "./world.ts";

/** The options that say which store a command is about. */
export const storeOptions: Readonly<Record<string, Option>> = {
  config: { type: "string", value: "FILE", help: "the store of a configuration, in YAML or JSON" },
  store: { type: "string", value: "JSON", help: '{"backend": …, "parameters": …}' },
  url: { type: "string", value: "URL", help: "a store that is served there" },
  token: { type: "string", value: "TOKEN", help: "lets in there; SHELFLIFE_TOKEN is not seen by other users" },
};

/** Where the values are when nobody says where. */
export const defaultFile = "shelflife.db";

/** Returns a registry of this command's own, so that the backends of a configuration are in no other. */
export function createBackends({ backends, env }: Pick<World, "backends"> & Partial<Pick<World, "env">>): Registry {
  return withComposites(createRegistry(backends), env);
}

/** Reads the configuration that a command was given, whole or only its store. Rejects `bad-config`. */
export async function readGivenConfig(
  { options, world }: Invocation,
  registry: Registry,
  rest: { isStoreOnly?: boolean; overrides?: Config } = {},
): Promise<Config> {
  const { readFile } = await import("node:fs/promises");
  const { dirname, resolve } = await import("node:path");
  const { config: name } = options;
  const settings = { ...rest, env: world.env, registry };
  if (name === undefined) return readConfig("", { ...settings, name: "shelflife", folder: world.folder });
  const path = resolve(world.folder, name);
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new StoreError("bad-config", `Cannot read configuration ${quote(name)}: ${reasonOf(cause)}`, { cause });
  });
  return readConfig(text, { ...settings, name, folder: dirname(path) });
}

/** Returns which store a command is about, if its options say so. Rejects `bad-config`. */
export async function chooseStore(invocation: Invocation, registry: Registry): Promise<StoreConfig | undefined> {
  const { options, world } = invocation;
  const { config, store, url, token = world.env.SHELFLIFE_TOKEN } = options;
  const ways = [config, store, url].filter((each) => each !== undefined);
  if (ways.length > 1) throw new StoreError("invalid-argument", "Expected one of --config, --store and --url");
  if (options.token !== undefined && url === undefined) {
    throw new StoreError("invalid-argument", "Expected --token with --url");
  }
  if (url !== undefined) {
    const parameters = { url, ...(token && { token }) };
    registry.valid({ backend: "http", parameters });
    return { backend: "http", parameters };
  }
  if (store !== undefined) return readStore(store, "--store", world.folder, registry);
  return config === undefined ? undefined : (await readGivenConfig(invocation, registry, { isStoreOnly: true })).store;
}

/** Opens the store that a command is about, does the work, which gets the names of the files that it stands on, and closes it. */
export async function withStore<R>(
  invocation: Invocation,
  work: (store: Store, files: readonly string[]) => Promise<R>,
): Promise<R> {
  const registry = createBackends(invocation.world);
  const chosen = (await chooseStore(invocation, registry)) ?? (await findDefault(invocation));
  const store = await openStore(chosen, registry);
  try {
    return await work(store, await filesOf(chosen, invocation, registry));
  } catch (error) {
    throw nameToken(error, chosen, invocation);
  } finally {
    await closeStore(store);
  }
}

/** Opens a store. Rejects `unavailable` when that takes longer than 30 s. */
export function openStore(config: StoreConfig, registry: Registry): Promise<Store> {
  return within(registry.open(config), limits.open, (time) => {
    const expected = `expected it to open ${time}`;
    return new StoreError("unavailable", `Cannot open store ${quote(config.backend)}: ${expected}`);
  });
}

/** Closes a store. Rejects `unavailable` when that takes longer than 30 s. */
export function closeStore(store: Store): Promise<void> {
  return within(store.close(), limits.close, (time) => {
    return new StoreError("unavailable", `Cannot close the store: expected it to close ${time}`);
  });
}

/** Returns an error with the place that the token came from, or could have come from, where it is about that. */
function nameToken(error: unknown, { backend, parameters }: StoreConfig, { options }: Invocation): unknown {
  if (backend !== "http" || !isStoreError(error, "unauthorized")) return error;
  const { token, headers } = Object(parameters) as { token?: unknown; headers?: unknown };
  let got: string | undefined;
  if (options.url === undefined) got = token || headers ? undefined : 'without a "token" among its parameters';
  else if (!token) got = "without a token: expected one in the variable SHELFLIFE_TOKEN or in --token";
  else got = `with the token of ${options.token === undefined ? "the variable SHELFLIFE_TOKEN" : "--token"}`;
  if (got === undefined) return error;
  return new StoreError("unauthorized", `${error.message}, ${got}`, { key: error.key, cause: error });
}

async function filesOf(
  { backend, parameters }: StoreConfig,
  { options, world }: Invocation,
  registry: Registry,
): Promise<string[]> {
  const { resolve } = await import("node:path");
  const files = options.config === undefined ? [] : [resolve(world.folder, options.config)];
  registry.getFactory(backend).locate?.(parameters, (path) => {
    files.push(path);
    return path;
  });
  return files;
}

async function findDefault({ world }: Invocation): Promise<StoreConfig> {
  const { existsSync } = await import("node:fs");
  const { join } = await import("node:path");
  const path = join(world.folder, defaultFile);
  if (existsSync(path)) return { backend: "sqlite", parameters: { path } };
  // A new file in whichever folder this is would make a miss of a mistake.
  const expected = `expected --config FILE, --store JSON or --url URL, or ${defaultFile} in this folder`;
  throw new StoreError("invalid-argument", `Which store: ${expected}`);
}
