import { quote } from "../../core/error.ts";
import { isLoopback } from "../../core/expose.ts";
import type { Factory } from "../../core/registry.ts";
import { jwt, type JwtOptions } from "../../service/jwt.ts";
import { tokens } from "../../service/tokens.ts";
import { reasonOf } from "../reasonOf.ts";
import type { Config, ReadOptions, StoreConfig } from "./config.ts";
import { loadBackend } from "./loadBackend.ts";
import type { Part, Report } from "./part.ts";
import { reportProblems } from "./reportProblems.ts";
import { reportUnknown } from "./rules.ts";

/** Checks what can be known only from outside of a configuration, and makes its names of files whole. */
export async function checkConfig(config: Config, root: Part, options: ReadOptions, report: Report): Promise<void> {
  const { folder, registry, isStoreOnly, overrides = {} } = options;
  const { resolve } = await import("node:path");
  const part = (...path: readonly string[]): Part | undefined => {
    let found: Part | undefined = root;
    for (const name of path) found = found?.members?.get(name);
    return found;
  };
  // What an option of the command says has no place in the file.
  const place = (...path: string[]): number => {
    let given: unknown = overrides;
    for (const name of path) given = (Object(given) as Record<string, unknown>)[name];
    return given === undefined ? (part(...path)?.at ?? 0) : -1;
  };

  for (const [index, name] of (config.backends ?? []).entries()) {
    const at = part("backends")?.items?.[index]?.at ?? 0;
    await loadBackend(name, folder, registry).catch((error: Error) => report(at, error.message));
  }
  if (!config.store && !part("store")) report(0, 'expected "store" here');
  for (const name of ["store", "requests"] as const) {
    const given = name in overrides ? undefined : part(name);
    if (config[name]?.backend !== undefined) config[name] = checkStore(given, config[name], options, resolve, report);
  }
  if (isStoreOnly) return;

  async function read(path: string, ...where: string[]): Promise<string> {
    const { readFile } = await import("node:fs/promises");
    const file = resolve(folder, path);
    return readFile(file, "utf8").catch((cause: Error) => {
      report(place(...where), `expected a file that can be read, got ${quote(path)}: ${reasonOf(cause)}`);
      return "";
    });
  }

  const { tls } = config.listen ?? {};
  if (tls?.key !== undefined && tls.cert !== undefined) {
    const [key, cert] = [await read(tls.key, "listen", "tls", "key"), await read(tls.cert, "listen", "tls", "cert")];
    config.listen = { ...config.listen, tls: { key, cert } };
  }
  if (config.tokens !== undefined) {
    if (!("tokens" in overrides)) config.tokens = resolve(folder, config.tokens);
    const found = await tokens({ path: config.tokens }).catch((error: Error) => report(place("tokens"), error.message));
    found?.close();
  }
  const given = part("jwt");
  if (config.jwt !== undefined && given) {
    const check = (parameters: unknown): unknown => jwt(parameters as JwtOptions);
    reportProblems(check, given.value, given, given.at, report);
  }
  checkAccess(config, place, report);
}

/** Denies by default: what others than this machine can reach says who may use it. */
function checkAccess(config: Config, place: (...path: string[]) => number, report: Report): void {
  const { access, tokens, jwt, listen } = config;
  const isClosed = tokens !== undefined || jwt !== undefined;
  if (access && isClosed) report(place("access"), 'expected "access: public" without "tokens" and "jwt"');
  const host = listen?.host ?? "127.0.0.1";
  if (access || isClosed || isLoopback(host)) return;
  const expected = 'expected "tokens" or "jwt" to say who may use the store, or "access: public" for everyone';
  report(place("listen", "host"), `${expected}: ${quote(host)} is open to more than this machine`);
}

/** Checks a store, and returns it with its names of files made whole. */
function checkStore(
  part: Part | undefined,
  { backend, parameters }: StoreConfig,
  { registry, folder }: ReadOptions,
  resolve: (folder: string, path: string) => string,
  report: Report,
): StoreConfig {
  const at = part?.at ?? -1;
  let located = parameters;
  let factory: Factory;
  try {
    factory = registry.getFactory(backend);
  } catch {
    reportUnknown(backend, part?.members?.get("backend")?.at ?? at, registry.methods(), report);
    return { backend };
  }
  const given = part?.members?.get("parameters");
  const check = (parameters: unknown): void => {
    factory.valid(parameters);
    if (factory.locate) located = factory.locate(parameters, (path) => resolve(folder, path)) as unknown;
  };
  reportProblems(check, parameters, given, given?.at ?? at, report);
  return { backend, ...(located !== undefined && { parameters: located }) };
}
