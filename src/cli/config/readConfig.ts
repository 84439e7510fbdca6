import type { Document, LineCounter } from "yaml";
import { quote, StoreError } from "../../core/error.ts";
import type { HistoryOptions } from "../../core/history.ts";
import type { Registry } from "../../core/registry.ts";
import type { JwtOptions } from "../../service/jwt.ts";
import { checkConfig } from "./checkConfig.ts";
import type { Config, LimitsConfig, ListenConfig, ReadOptions, StoreConfig } from "./config.ts";
import type { Part, Report } from "./part.ts";
import { createPartReader } from "./readParts.ts";
import { anyOr, anything, bytes, count, duration, flag, flagOr, hostName, list, matching, oneOf, port, rate, section, text, type Rule, type Section } from "./rules.ts"; // prettier-ignore

const store: Section<StoreConfig> = { backend: text, parameters: anything as Rule<{}> };

const rules: Section<Config> = {
  store: section<StoreConfig>(store, ["backend"]),
  backends: list(text),
  listen: section<ListenConfig>({
    host: text,
    hosts: anyOr(hostName),
    port,
    tls: section<{ key: string; cert: string }>({ key: text, cert: text }, ["key", "cert"]),
    grace: duration,
  }),
  access: oneOf("public"),
  tokens: text,
  // The rules are its own.
  jwt: anything as Rule<JwtOptions>,
  cors: anyOr(matching("an origin such as https://app.example", /^([a-z][a-z\d+.-]*:\/\/[^/?#@]+|null)$/)),
  limits: section<LimitsConfig>({
    maxBytes: bytes,
    maxItems: count,
    maxStreams: count,
    maxStreamsPerHolder: count,
    requestsPerSecond: rate,
    burst: count,
    resumeWithin: duration,
    headerTimeout: duration,
    requestTimeout: duration,
    idleTimeout: duration,
    maxConnections: count,
    maxHeaderBytes: bytes,
  }),
  requests: section<StoreConfig>(store, ["backend"]),
  history: flagOr<HistoryOptions>({ maxAge: duration, maxChanges: count }),
  metrics: oneOf(true, false, "public"),
  log: section<NonNullable<Config["log"]>>({ format: oneOf("json", "text"), requests: flag }),
  compress: flag,
  base: matching('a path that begins with "/"', /^\/[^?#]*$/),
};

/**
 * Reads a configuration, in YAML or JSON, and checks it without starting anything: its backends are loaded, and the files
 * that it names are read. Rejects one `bad-config` with a line for every problem, each beginning with its place.
 */
export async function readConfig(source: string, options: ReadOptions): Promise<Config> {
  const { LineCounter } = await import("yaml");
  const lines = new LineCounter();
  const problems: { at: number; problem: string }[] = [];
  const note: Report = (at, problem) => void problems.push({ at, problem });
  const root = await parse(source, lines, options, note);
  // What could not even be read is wrong for that reason alone.
  const broken = new Set(problems.map(({ at }) => at));
  const report: Report = (at, problem) => void (broken.has(at) || note(at, problem));
  const config = root && override(section<Config>(rules)(root, report), options.overrides);
  if (root && config) await checkConfig(config, root, options, report);
  if (!problems.length) return config!;

  const shown = problems
    .map((each, index) => ({ ...each, index }))
    .sort((one, other) => one.at - other.at || one.index - other.index)
    .map(({ at, problem }) => {
      if (options.isInline) return `${options.name}: ${problem}`;
      const { line, col } = lines.linePos(Math.max(0, at));
      return at < 0 ? problem : `${options.name}:${line || 1}:${col || 1}: ${problem}`;
    });
  throw new StoreError("bad-config", [...new Set(shown)].join("\n"));
}

function override(config: Config | undefined, overrides: Config = {}): Config | undefined {
  const listen = { ...config?.listen, ...overrides.listen };
  return config && { ...config, ...overrides, ...(Object.keys(listen).length > 0 && { listen }) };
}

async function parse(
  source: string,
  lines: LineCounter,
  { env, isStoreOnly }: ReadOptions,
  report: Report,
): Promise<Part | undefined> {
  const { isMap, isScalar, parseDocument } = await import("yaml");
  let document: Document.Parsed;
  try {
    document = parseDocument(source, { lineCounter: lines, prettyErrors: false, stringKeys: false });
  } catch {
    // It is nested deeper than the parser can go.
    report(0, "expected YAML or JSON that is not nested so deeply");
    return undefined;
  }
  for (const { code, message, pos } of [...document.errors, ...document.warnings])
    report(pos[0], code === "DUPLICATE_KEY" ? "expected each name once" : `expected YAML or JSON: ${message}`);
  if (document.errors.some(({ code }) => code !== "DUPLICATE_KEY")) return undefined;

  const { contents } = document;
  if (isStoreOnly && isMap(contents)) {
    // What the rest says, and which variables it needs, is for the server alone.
    const names = Object.keys(rules).filter((name) => name !== "store" && name !== "backends");
    contents.items = contents.items.filter(({ key }) => !isScalar(key) || !names.includes(String(key.value)));
  }
  const readPart = await createPartReader(document, env, report);
  try {
    return readPart(contents);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report(0, "expected YAML or JSON that is not nested so deeply");
    return undefined;
  }
}

/** Reads a store from the JSON of an option, or the YAML that is as short. Its names of files count from a folder. */
export async function readStore(
  source: string,
  name: string,
  folder: string,
  registry: Registry,
): Promise<StoreConfig> {
  const options = { name, folder, env: {}, registry, isStoreOnly: true, isInline: true };
  const config = await readConfig(`{"store": ${source}\n}`, options);
  if (config.store) return config.store;
  throw new StoreError("bad-config", `${name}: expected {"backend": …, "parameters": …}, got ${quote(source)}`);
}
