import type { HistoryOptions } from "../../core/history.ts";
import type { Registry } from "../../core/registry.ts";
import type { JwtOptions } from "../../service/jwt.ts";

/** A store by its backend's name. */
export interface StoreConfig {
  readonly backend: string;
  readonly parameters?: unknown;
}

/** Where a server listens. The defaults are those of `shelflife/service/listen`, but for the port. */
export interface ListenConfig {
  host?: string;
  /** The names that requests may be for, besides localhost and loopback addresses. */
  hosts?: "*" | string[];
  port?: number;
  /** The files of a private key and its certificates. */
  tls?: { key: string; cert: string };
  /** How long what has begun may take when the server ends: ms. */
  grace?: number;
}

/** What a server bears. The names and defaults are those of the handler, `listen`, `limitRate` and `limitStreams`. */
export interface LimitsConfig {
  maxBytes?: number;
  maxItems?: number;
  maxStreams?: number;
  maxStreamsPerHolder?: number;
  requestsPerSecond?: number;
  burst?: number;
  resumeWithin?: number;
  headerTimeout?: number;
  requestTimeout?: number;
  idleTimeout?: number;
  maxConnections?: number;
  maxHeaderBytes?: number;
}

/** What a configuration file says. Names of files in it count from its folder, also those among a backend's parameters. */
export interface Config {
  store?: StoreConfig;
  /** Modules that bring backends, each exporting `name` and `factory`. */
  backends?: string[];
  listen?: ListenConfig;
  /** Has to be said for a server that is open to more than this machine without tokens. */
  access?: "public";
  tokens?: string;
  jwt?: JwtOptions;
  cors?: "*" | string[];
  limits?: LimitsConfig;
  /** The store that remembers which requests were applied. A server of a SQLite file has one beside that, unless it is given another. */
  requests?: StoreConfig;
  /**
   * How much of what changes is remembered for clients that come back: beside a SQLite file or in Valkey as much as by default
   * unless this says otherwise, for any other store by the process, if this says so.
   */
  history?: boolean | HistoryOptions;
  /** Whether there is /metrics, for holders of everything or for everyone. */
  metrics?: boolean | "public";
  log?: { format?: "json" | "text"; requests?: boolean };
  compress?: boolean;
  base?: string;
}

/** How a configuration is read. */
export interface ReadOptions {
  /** The file's name as messages show it. */
  readonly name: string;
  /** The folder that names of files count from. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Knows the backends, and gets to know those of the configuration. */
  readonly registry: Registry;
  /** Whether only `store` and `backends` are read. The rest may be about another machine. */
  readonly isStoreOnly?: boolean;
  /** Whether it is no file, so that problems have no place in one. */
  readonly isInline?: boolean;
  /** What counts in place of what the file says. */
  readonly overrides?: Config;
}
