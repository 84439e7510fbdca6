import type { Rule } from "../../core/options.ts";
import { boolean, milliseconds, nonEmptyString } from "../../core/options.ts";
import type { ValkeyClient } from "./client.ts";
import { tagOf } from "./slots.ts";

/** The servers that watch over others, and name the one to be asked. */
export interface ValkeySentinel {
  /** What the sentinels call the servers that they watch. */
  masterName: string;
  /** Where sentinels are: "host:port" or a URL, of which rediss:// is by TLS. */
  addr: string | readonly string[];
  /** Of the sentinels, not of the servers. @default none */
  username?: string | undefined;
  /** Of the sentinels, not of the servers. @default none */
  password?: string | undefined;
}

/** Which servers a store is on, and how they are reached. */
export interface ValkeyServers {
  /**
   * Where the server is: redis://user:password@host:port/database, rediss:// by TLS (valkey:// and valkeys:// are the same),
   * or unix:///path. Of a cluster, where one or some of its nodes are. `?family=6` is by IPv6 alone, 4 by IPv4 alone, 0 by
   * either.
   */
  url?: string | readonly string[] | undefined;
  /** Whether it is a cluster. @default false */
  cluster?: boolean | undefined;
  /** The sentinels that know where the server is, in place of `url`. @default none */
  sentinel?: ValkeySentinel | undefined;
  /** @default the URL's */
  username?: string | undefined;
  /** @default the URL's */
  password?: string | undefined;
  /** The number of the database. A cluster has one. @default the URL's, or 0 */
  db?: number | undefined;
  /** Whether by TLS; or what node:tls takes, such as `ca`, `cert`, `key`, `servername`. @default by the URL */
  tls?: boolean | Readonly<Record<string, unknown>> | undefined;
  /**
   * A client of ioredis or iovalkey in place of a URL. It is left open by `close`. It should have
   * `autoResendUnfulfilledCommands: false` and, for a cluster, `retryDelayOnFailover: 0`: otherwise it repeats what a
   * server may have done already.
   */
  client?: ValkeyClient | undefined;
  /**
   * What the keys on the server begin with before those of the store. Stores of different prefixes never see each other's values,
   * also where one begins with the other; where there are values that could be of both, the second store rejects `bad-config`.
   * @default ""
   */
  prefix?: string | undefined;
  /** How long a call waits for a connection, and for an answer: ms. @default 5000 */
  timeout?: number | undefined;
}

/** What one address says. */
export interface Address {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly isSecure?: boolean;
  /** By which version of IP: 4, 6, or 0 for either. */
  readonly family?: number;
}

/** Reads an address; returns nothing for what is none. */
export function readAddress(text: unknown): Address | undefined {
  let url: URL;
  try {
    url = new URL(text as string);
    const { protocol, hostname, port, pathname, username, password, search, hash } = url;
    if (protocol === "unix:" && pathname.length > 1) return { path: decodeURIComponent(pathname) };
    const [, isSecure] = /^(?:redis|valkey)(s?):$/.exec(protocol) ?? [];
    const [, db] = /^(?:\/(\d*))?$/.exec(pathname) ?? [];
    const [, family] = /^\?family=([046])$/.exec(search) ?? [];
    if (isSecure === undefined || !hostname || (search && !family) || hash || !/^(\/\d*)?$/.test(pathname))
      return undefined;
    return {
      // As the address of a socket it has no brackets.
      host: decodeURIComponent(hostname).replace(/^\[|\]$/g, ""),
      port: port === "" ? 6379 : Number(port),
      isSecure: isSecure !== "",
      ...(username && { username: decodeURIComponent(username) }),
      ...(password && { password: decodeURIComponent(password) }),
      ...(db && { db: Number(db) }),
      ...(family && { family: Number(family) }),
    };
  } catch {
    return undefined;
  }
}

/** Reads the address of a sentinel, which may be a bare host and port. */
export function readSentinel(text: unknown): Address | undefined {
  const isBare = typeof text === "string" && !text.includes("://");
  const address = readAddress(isBare ? `redis://${text}` : text);
  // Not the port of the servers that they watch.
  return address && { ...address, port: /:\d+\/?(\?|$)/.test(text as string) ? address.port! : 26_379 };
}

/** Returns the number of the database that a store is in. */
export function databaseOf({ db, url, client }: ValkeyServers): number {
  return db ?? readAddress(listOf(url)[0])?.db ?? client?.options?.db ?? 0;
}

/** Returns some of a kind: the one that is given, or those in the list. */
export function listOf<T>(given: T | readonly T[]): readonly T[] {
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}

function areAll(given: unknown, test: (each: unknown) => unknown): boolean {
  const list = listOf(given);
  return list.length > 0 && list.every(test);
}

const text = (expected: string, test: (value: string) => unknown, more: Partial<Rule> = {}): Rule => ({
  expected,
  test: (value) => typeof value === "string" && !!test(value),
  ...more,
});

/** The rules of the parameters, some of which depend on one another. */
export function rulesFor(parameters: unknown): { readonly [Name in keyof Required<ValkeyServers>]: Rule } {
  const { url, cluster, sentinel, client } = (Object(parameters) ?? {}) as ValkeyServers;
  const ways = [url, sentinel, client].filter((way) => way !== undefined).length;
  const only = (rule: Rule, isRight: boolean, expected: string): Rule =>
    isRight ? rule : { ...rule, expected, test: () => false };
  const isSearching = listOf<unknown>(url).some((each) => typeof each === "string" && each.includes("?"));
  const address: Rule = {
    expected: `a URL such as redis://host:6379 or rediss://user:password@host:6379/0${isSearching ? ', with nothing behind "?" but family=0, 4 or 6' : ""}`,
    required: ways === 0,
    // What may be a password stays out of messages.
    secret: listOf<unknown>(url).some((each) => typeof each !== "string" || each.includes("@")),
    test: (value) => (cluster === true ? areAll(value, (each) => readAddress(each)?.host) : !!readAddress(value)),
  };
  const database = (db: unknown): boolean => Number.isSafeInteger(db) && (db as number) >= 0;
  return {
    url: only(address, ways < 2, 'left out beside "sentinel" or "client"'),
    cluster: only(boolean, cluster !== true || url !== undefined, 'left out unless there is a "url"'),
    sentinel: {
      expected: "an object with masterName, addr (host:port or several) and perhaps username and password",
      secret: true,
      test: (value) => isSentinel(value),
    },
    username: nonEmptyString,
    password: { ...nonEmptyString, secret: true },
    db: {
      expected: cluster === true ? "0 in a cluster" : "a whole number from 0",
      test: (db) => (cluster === true ? db === 0 : database(db)),
    },
    tls: {
      expected: "true, false or an object of options",
      secret: true,
      test: (tls) => typeof tls === "boolean" || (Object(tls) === tls && !Array.isArray(tls)),
    },
    client: {
      expected: "a client of ioredis or iovalkey without a keyPrefix",
      test: (given) => {
        const { evalshaBuffer, duplicate, options } = Object(given) as Partial<ValkeyClient>;
        return typeof evalshaBuffer === "function" && typeof duplicate === "function" && !options?.keyPrefix;
      },
    },
    prefix: text(
      "a well-formed string of at most 1,024 characters, without a { but in a whole {tag}",
      (prefix) => prefix.length <= 1024 && !/\p{Cs}/u.test(prefix) && (!prefix.includes("{") || tagOf(prefix)),
    ),
    timeout: milliseconds,
  };
}

function isSentinel(value: unknown): boolean {
  const { masterName, addr, username, password, ...others } = Object(value) as Partial<ValkeySentinel>;
  const isText = (each: unknown): boolean => each === undefined || nonEmptyString.test(each);
  return (
    nonEmptyString.test(masterName) &&
    areAll(addr, (each) => readSentinel(each)?.host) &&
    isText(username) &&
    isText(password) &&
    Object.keys(others).length === 0
  );
}
