import type { JSONWebKeySet, JWK, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from "jose";
import { check, kindOf, StoreError } from "../core/error.ts";
import { callable, checkOptions, nonEmptyString, type Rule } from "../core/options.ts";
import { isActions, isPrefix, type Action, type Scope } from "../http/server/scope.ts";
import { readBearer } from "../http/wire/headers.ts";

export type { Action, Scope };

/** What a token opens. */
export interface Claimed extends Scope {
  /** What its holder is called in a count or a log: its `sub`. */
  readonly holder?: string | undefined;
}

type Algorithm = "HS256" | "HS384" | "HS512" | "RS256" | "PS256" | "ES256" | "ES384" | "EdDSA";

/** Whose tokens count. One of `secret`, `key` and `jwks` says how their signatures are checked. */
export interface JwtOptions {
  /** What the issuer shares with us: at least 32 bytes. */
  secret?: string | Uint8Array | undefined;
  /** The issuer's public key: as a JWK, or in PEM (SPKI), which goes with one algorithm. */
  key?: JWK | string | undefined;
  /** The issuer's public keys, or where they are. Those are fetched when first needed, and again when an unknown one is met. */
  jwks?: JSONWebKeySet | URL | string | undefined;
  /** The `iss` that a token has to have. */
  issuer?: string | readonly string[] | undefined;
  /** One `aud` that a token has to have. */
  audience?: string | readonly string[] | undefined;
  /** The algorithms that count. @default HS256 with a secret, otherwise RS256, ES256 and EdDSA */
  algorithms?: readonly Algorithm[] | undefined;
  /** By how much clocks may differ: ms. @default 0 */
  clockTolerance?: number | undefined;
  /** Says what a token's holder may do. @default its claim `shelflife`: `{ prefix, can }`, and nothing without it */
  scope?: ((payload: JWTPayload) => boolean | Claimed) | undefined;
  /** The clock: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
  /** Fetches the keys. @default the runtime's own */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
}

const shared: readonly Algorithm[] = ["HS256", "HS384", "HS512"];
const signed: readonly Algorithm[] = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];

const names: Rule = {
  expected: "a non-empty string, or a list of them",
  test: (value) => [value].flat().length > 0 && [value].flat().every(nonEmptyString.test),
};

/**
 * Returns what authorizes the bearers of JSON Web Tokens (RFC 7519). A token has to be signed by the one that is
 * trusted, in an algorithm for its kind of key, and to say when it expires; any other opens nothing. When the keys
 * cannot be fetched that is `unavailable`, and not the token's fault. Throws `bad-config`.
 *
 * @example Lets in whom a secret has signed for.
 * ```ts
 * import { SignJWT } from "jose";
 * import { jwt } from "shelflife/service/jwt";
 *
 * const secret = crypto.getRandomValues(new Uint8Array(32));
 * const authorize = jwt({ secret, algorithms: ["HS256"] });
 * const token = await new SignJWT({ shelflife: { prefix: "ada/", can: ["read"] } })
 *   .setProtectedHeader({ alg: "HS256" })
 *   .setSubject("ada")
 *   .setExpirationTime("1h")
 *   .sign(secret);
 * const headers = { authorization: `Bearer ${token}` };
 * console.log(Boolean(await authorize(new Request("https://app.example/", { headers })))); // true
 * console.log(await authorize(new Request("https://app.example/"))); // false
 * ```
 */
export function jwt(options: JwtOptions): (request: Request) => Promise<boolean | Claimed> {
  const given = checkJwt(options);
  const { issuer, audience, scope = readScope, now = () => Date.now() } = given;
  const verification: JWTVerifyOptions = {
    algorithms: [...given.algorithms],
    requiredClaims: ["exp"],
    clockTolerance: (given.clockTolerance ?? 0) / 1000,
    ...(issuer !== undefined && { issuer: [issuer].flat() }),
    ...(audience !== undefined && { audience: [audience].flat() }),
  };
  let loading: Promise<(token: string) => Promise<JWTPayload>> | undefined;

  async function load(): Promise<(token: string) => Promise<JWTPayload>> {
    const { jwtVerify } = await import("jose");
    const getKey = await prepareKey(given);
    return async (token) => (await jwtVerify(token, getKey, { ...verification, currentDate: new Date(now()) })).payload;
  }

  return async (request) => {
    check(typeof request?.headers?.get === "function", "request", "a Request", request);
    const token = readBearer(request);
    if (token === undefined) return false;
    // What failed may succeed when it is tried again.
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    const verify = await loading;
    let payload: JWTPayload;
    try {
      payload = await verify(token);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      // Whatever is wrong with it: a sender without rights learns nothing about it.
      return false;
    }
    return scope(payload);
  };
}

type Checked = JwtOptions & { readonly algorithms: readonly Algorithm[] };

function checkJwt(options: JwtOptions): Checked {
  const given = checkOptions<JwtOptions>("jwt", options, {
    secret: { expected: "a secret of at least 32 bytes", secret: true, test: isSecret },
    key: { expected: "a public key as a JWK or in PEM", secret: true, test: isPublicKey },
    jwks: { expected: "a set of keys, or the URL of one", test: (value) => isUrl(value) || isKeySet(value) },
    issuer: names,
    audience: names,
    algorithms: { expected: "a list of algorithms", test: (value) => Array.isArray(value) && value.length > 0 },
    clockTolerance: { expected: "a number of ms", test: (value) => typeof value === "number" && value >= 0 },
    scope: callable,
    now: callable,
    fetch: callable,
  });
  const kinds = [given.secret, given.key, given.jwks].filter((each) => each !== undefined);
  // A public key that is taken for a secret would let anybody sign: each kind of key has algorithms of its own.
  const fitting = given.secret === undefined ? signed : shared;
  const { algorithms = given.secret === undefined ? (["RS256", "ES256", "EdDSA"] as const) : (["HS256"] as const) } =
    given;
  const problems = [
    kinds.length !== 1 && "expected one of the options secret, key and jwks",
    algorithms.some((each) => !fitting.includes(each)) && `option "algorithms" must be of ${fitting.join(", ")}`,
    isPem(given.key) && algorithms.length !== 1 && 'option "algorithms" must name one for a key in PEM',
  ].filter((each) => each !== false);
  if (problems.length) throw new StoreError("bad-config", `Cannot check tokens: ${problems.join("; ")}`);
  return { ...given, algorithms };
}

async function prepareKey({ secret, key, jwks, algorithms, fetch }: Checked): Promise<JWTVerifyGetKey> {
  const { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, importSPKI } = await import("jose");
  if (secret !== undefined) {
    const bytes = toBytes(secret);
    return async () => bytes;
  }
  if (isPem(key)) {
    const imported = await importSPKI(key, algorithms[0]!).catch((cause: unknown) => {
      throw new StoreError("bad-config", `Cannot check tokens: expected a public key for ${algorithms[0]}`, { cause });
    });
    return async () => imported;
  }
  if (key !== undefined) return createLocalJWKSet({ keys: [key] });
  if (!isUrl(jwks)) return createLocalJWKSet(jwks as JSONWebKeySet);
  const remote = createRemoteJWKSet(new URL(jwks), fetch && { [customFetch]: fetch });
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (cause) {
      const isTokens = [
        errors.JWKSNoMatchingKey,
        errors.JWKSMultipleMatchingKeys,
        errors.JOSENotSupported,
        errors.JOSEAlgNotAllowed,
      ].some((kind) => cause instanceof kind);
      if (isTokens) throw cause;
      throw new StoreError("unavailable", "Cannot check tokens: expected the keys of their issuer", { cause });
    }
  };
}

/** Reads what a token's own claim says. A claim that is damaged opens nothing. */
function readScope({ shelflife: claim, sub }: JWTPayload): boolean | Claimed {
  if (Object(claim) !== claim || Array.isArray(claim)) return false;
  const { prefix, can } = claim as { prefix?: unknown; can?: unknown };
  if ((prefix !== undefined && !isPrefix(prefix)) || (can !== undefined && !isActions(can))) return false;
  return { prefix, can, ...(typeof sub === "string" && sub !== "" && { holder: sub }) };
}

function isSecret(value: unknown): boolean {
  const isText = typeof value === "string";
  return (isText || (ArrayBuffer.isView(value) && kindOf(value) === "Uint8Array")) && toBytes(value).length >= 32;
}

function toBytes(secret: unknown): Uint8Array {
  return typeof secret === "string" ? new TextEncoder().encode(secret) : (secret as Uint8Array);
}

function isPem(key: unknown): key is string {
  return typeof key === "string" && key.includes("-----BEGIN PUBLIC KEY-----");
}

function isPublicKey(key: unknown): boolean {
  const { kty, d } = Object(key) as JWK;
  return isPem(key) || (typeof kty === "string" && kty !== "oct" && d === undefined);
}

function isKeySet(value: unknown): boolean {
  const { keys } = Object(value) as { keys?: unknown };
  return Array.isArray(keys) && keys.every(isPublicKey);
}

function isUrl(value: unknown): value is string | URL {
  if (!(value instanceof URL) && (typeof value !== "string" || !URL.canParse(value))) return false;
  return /^https?:$/.test(new URL(value).protocol);
}
