import { StoreError } from "../../core/error.ts";
import type { Registry } from "../../core/registry.ts";
import { exitCodes, jsonOption, type Command, type Invocation } from "../command.ts";
import type { Config, StoreConfig } from "../config/config.ts";
import { readStore } from "../config/readConfig.ts";
import { readPort } from "../config/rules.ts";
import { createJournal } from "../serving/journal.ts";
import { requestsBeside } from "../serving/requestsBeside.ts";
import { startServer } from "../serving/startServer.ts";
import { withHistory } from "../serving/withHistory.ts";
import { createBackends, defaultFile, readGivenConfig, storeOptions } from "../store.ts";

/** Serves a store over HTTP until it is interrupted. */
export const serveCommand: Command = {
  name: "serve",
  summary: "serve a store over HTTP",
  options: {
    config: { type: "string", value: "FILE", help: "the configuration, in YAML or JSON" },
    check: { type: "boolean", help: "report every problem of the configuration, and start nothing" },
    store: { ...storeOptions.store!, help: `in place of the configuration's: ${storeOptions.store!.help}` },
    host: { type: "string", value: "ADDRESS", help: "where to listen; 127.0.0.1 if absent" },
    port: { type: "string", value: "N", help: "where to listen; 8787 if absent, 0 for any that is free" },
    tokens: { type: "string", value: "FILE", help: "the token file, as shelflife token --add-to makes it" },
    access: { type: "string", value: "public", help: "open it to everyone who can reach the address" },
    json: { ...jsonOption, help: "log lines of JSON, also on a terminal" },
  },
  details: `Without a configuration it serves ./${defaultFile}, a SQLite file, to this machine alone. On an address that others
can reach it starts only with tokens or jwt, or with access: public.
Which requests were applied is remembered where "requests" of the configuration says; without that beside a store
that is a SQLite file, in a file of its name and -requests, and for any other store in this process.
What changes is remembered in a SQLite file and in Valkey, for 7 days and 100,000 changes unless "history" of the
configuration says otherwise, so that clients which were away get what changed; "history: false" ends that.
SIGTERM and SIGINT end it when streams are closed and writes are finished; a second one at once. /health and /ready
say how it is, /metrics what it does.`,
  examples: [
    "shelflife serve",
    "shelflife serve --config shelflife.yaml --check",
    "shelflife serve --host 0.0.0.0 --tokens tokens.jsonl",
  ],
  async run(invocation) {
    const { world, isJson, flags, options } = invocation;
    const registry = createBackends(world);
    const overrides = await readOverrides(invocation, registry);
    const given = await readGivenConfig(invocation, registry, { overrides });
    const requests = given.requests ?? requestsBeside(given.store!);
    const store = withHistory(given.store!, given.history);
    const config: Config = { ...given, store, ...(requests && { requests }) };
    if (flags.check) {
      const shown = { ok: true, backend: config.store!.backend, access: accessOf(config) };
      const name = options.config ?? "The command";
      await world.write(
        isJson ? `${JSON.stringify(shown)}\n` : `${name} is right: serves ${nameStore(config.store!)}\n`,
      );
      return exitCodes.done;
    }
    // Started before anything else, so that nothing is left half open.
    const signal = world.interrupted();
    const format = isJson ? "json" : (config.log?.format ?? (world.isTerminal ? "text" : "json"));
    const journal = createJournal(format, world.log, world.now);
    const server = await startServer(config, registry, journal);
    journal.say("info", "serving", {
      store: nameStore(store),
      ...(requests && { requests: nameStore(requests) }),
      url: server.url,
      access: accessOf(config),
    });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    });
    journal.say("info", "closing");
    await server.close();
    journal.say("info", "closed");
    return exitCodes.done;
  },
};

async function readOverrides({ options, world }: Invocation, registry: Registry): Promise<Config> {
  const { resolve, join } = await import("node:path");
  const { config, store, host, port, tokens, access } = options;
  if (access !== undefined && access !== "public") {
    throw new StoreError("invalid-argument", `Invalid --access: expected "public", got ${JSON.stringify(access)}`);
  }
  const number = port === undefined ? undefined : readPort(port);
  if (port !== undefined && number === undefined) {
    throw new StoreError("invalid-argument", `Invalid --port: expected a port from 0 to 65535, got ${JSON.stringify(port)}`); // prettier-ignore
  }
  const chosen = store !== undefined ? await readStore(store, "--store", world.folder, registry) : config === undefined ? { backend: "sqlite", parameters: { path: join(world.folder, defaultFile) } } : undefined; // prettier-ignore
  return {
    ...(chosen && { store: chosen }),
    ...((host !== undefined || number !== undefined) && { listen: { ...(host !== undefined && { host }), ...(number !== undefined && { port: number }) } }), // prettier-ignore
    ...(tokens !== undefined && { tokens: resolve(world.folder, tokens) }),
    ...(access !== undefined && { access }),
  };
}

function accessOf({ tokens, jwt, access }: Config): string {
  const ways = [tokens !== undefined && "tokens", jwt !== undefined && "jwt"].filter((way) => way !== false);
  return ways.join(" and ") || access || "this machine";
}

/** Names a store, without the secrets by which it is opened. */
function nameStore({ backend, parameters }: StoreConfig): string {
  const { path, url, bucketName, database } = Object(parameters) as Record<string, unknown>;
  const place = path ?? bucketName ?? database ?? (typeof url === "string" ? url.replace(/\/\/[^/]*@/, "//").replace(/[?#].*$/s, "") : undefined); // prettier-ignore
  return typeof place === "string" ? `${backend} ${place}` : backend;
}
