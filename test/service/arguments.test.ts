// Every public function of this room is called with every kind of wrong argument: what it says against that is a StoreError.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { afterAll, test, vi } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { isStoreError } from "../../src/core/error.ts";
import { compress } from "../../src/service/compress.ts";
import { health } from "../../src/service/health.ts";
import { jwt } from "../../src/service/jwt.ts";
import { limitRate, limitStreams } from "../../src/service/limits.ts";
import { listen } from "../../src/service/listen.ts";
import { logRequests } from "../../src/service/log.ts";
import { createMetrics } from "../../src/service/metrics.ts";
import { createToken, tokens } from "../../src/service/tokens.ts";
import { utf8 } from "../support/bytes.ts";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const answer = async (): Promise<Response> => new Response("ok");
const by = (): string => "one";
const secret = "a secret that is long enough for HS256";

const kinds: readonly unknown[] = [
  undefined, null, true, 0, -1, NaN, Infinity, 1e300, 7n, "", "text", Symbol("s"), [], ["text"], [[7]], {}, { length: 40 },
  Object.create(null), () => {}, new Date(NaN), new Map(), new Uint8Array(3), new Error("e"), Promise.resolve(), /x/,
  { [Symbol.toStringTag]: "Uint8Array", length: 40 },
]; // prettier-ignore

/** Does what may be refused, and returns whether it was. Anything but a StoreError fails. */
async function isRefused(what: string, call: () => unknown): Promise<boolean> {
  try {
    const result = (await call()) as { close?(): unknown } | undefined;
    if (typeof result === "object") await result?.close?.();
    return false;
  } catch (error) {
    assert.ok(isStoreError(error), `${what}: ${String((error as Error)?.stack ?? error)}`);
    assert.match(error.message, /^[A-Z].*(expected|must be|must name)/s, what);
    return true;
  }
}

test("whatever is given in place of options, or of one of them, is taken or refused in words", async () => {
  const path = join(folder, "tokens.jsonl");
  writeFileSync(path, "");
  const makers: [name: string, make: (options: never) => unknown, right: object, names: string[]][] = [
    ["listen", listen, { answer }, ["answer", "host", "hosts", "port", "headerTimeout", "requestTimeout", "idleTimeout", "maxConnections", "maxHeaderBytes", "tls", "onError"]], // prettier-ignore
    ["limitRate", limitRate, { perSecond: 1, by }, ["perSecond", "burst", "by", "maxHolders", "now"]],
    ["limitStreams", limitStreams, { perHolder: 1, by }, ["perHolder", "by"]],
    ["logRequests", logRequests, { write() {} }, ["write", "holder", "now"]],
    ["createMetrics", createMetrics, {}, ["now"]],
    ["tokens", tokens, { path }, ["path", "now", "tell"]],
    ["createToken", createToken, { name: "n" }, ["name", "prefix", "can", "ttl", "now"]],
    ["jwt", jwt, { secret }, ["secret", "key", "jwks", "issuer", "audience", "algorithms", "clockTolerance", "scope", "now", "fetch"]], // prettier-ignore
    ["health", (options: never) => health(memory(), options), {}, ["within", "maxAge", "now"]],
    ["compress", (options: never) => compress(answer, options), {}, ["minBytes"]],
  ];
  for (const [name, make, right, options] of makers) {
    for (const kind of kinds) {
      await isRefused(name, () => make(kind as never));
      for (const option of options) {
        // A name, which takes time to be looked up, or a clock that returns nothing.
        if (option === "host" && kind === "text") continue;
        await isRefused(`${name} ${option}`, () => make({ ...right, [option]: kind } as never));
      }
    }
    assert.ok(await isRefused(name, () => make({ ...right, unknown: 1 } as never)), `${name} with an unknown option`);
  }
});

test("what is no answer, store or request is refused where it is given", async () => {
  const path = join(folder, "empty.jsonl");
  writeFileSync(path, "");
  const metrics = createMetrics();
  const { authorize, holder } = await tokens({ path });
  const takers: Record<string, (given: never) => unknown> = {
    compress: (given) => compress(given),
    limitRate: limitRate({ perSecond: 1, by }),
    limitStreams: limitStreams({ perHolder: 1, by }),
    logRequests: logRequests({ write() {} }),
    wrap: metrics.wrap,
    watchStore: metrics.watchStore,
    health: (given) => health(given),
    authorize,
    holder,
    jwt: jwt({ secret }),
  };
  for (const [name, take] of Object.entries(takers)) {
    for (const kind of kinds) {
      // What looks like one as far as it is looked at.
      if (typeof kind === "function" || (name === "health" && kind instanceof Map)) continue;
      assert.ok(
        await isRefused(name, () => take(kind as never)),
        `${name} of ${String(Object(kind)[Symbol.toStringTag])}`,
      );
    }
  }
});

test("a server closes within whatever time is a time, and not for what is none", async () => {
  const server = await listen({ answer });
  for (const grace of [-1, NaN, "1", {}, []]) {
    const closing = server.close({ grace: grace as never });
    await assert.rejects(closing, (error) => isStoreError(error, "invalid-argument"));
  }
  assert.equal(await (await fetch(server.url)).text(), "ok");
  await server.close(null as never);
  await server.close({ grace: Infinity });
});

test("for ever is a time too: a server that has it to close does not end what is under way", async () => {
  let release = (): void => {};
  let begun = (): void => {};
  const reached = new Promise<void>((resolve) => (begun = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const server = await listen({
    async answer() {
      begun();
      await released;
      return new Response("whole");
    },
  });
  const asked = fetch(server.url);
  await reached;
  const timers = vi.spyOn(globalThis, "setTimeout");
  const closing = server.close({ grace: Infinity });
  // A timer that is to wait for longer fires at once.
  const delays = timers.mock.calls.map(([, delay]) => delay);
  assert.ok(delays.length > 0 && delays.every((delay) => delay! < 2 ** 31), String(delays));
  release();
  assert.equal(await (await asked).text(), "whole");
  await closing;
  for (const within of [Infinity, 0.5, 2 ** 40]) {
    const { answer: ask } = health(memory(), { within });
    assert.equal((await ask(new Request("http://x/ready")))!.status, 200, `${within}`);
  }
});

test("a key that cannot be read is reported as an error of the configuration", async () => {
  const check = jwt({ key: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", algorithms: ["ES256"] });
  const token = await new SignJWT({}).setProtectedHeader({ alg: "HS256" }).sign(utf8(secret));
  const request = new Request("http://x/", { headers: { authorization: `Bearer ${token}` } });
  await assert.rejects(check(request), (error: Error) => isStoreError(error, "bad-config") && !error.message.includes("AAAA")); // prettier-ignore
});
