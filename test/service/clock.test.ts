import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { afterAll, test, vi, type TestContext } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { health } from "../../src/service/health.ts";
import { jwt } from "../../src/service/jwt.ts";
import { limitRate } from "../../src/service/limits.ts";
import { logRequests, type LogLine } from "../../src/service/log.ts";
import { createToken, tokens } from "../../src/service/tokens.ts";
import { utf8 } from "../support/bytes.ts";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret = "a secret that is long enough for HS256";
const hour = 3_600_000;

interface Clocked {
  /** What is let in, is ready and is logged now. */
  look(): Promise<{ token: boolean; claim: boolean; rate: number; asked: number; logged: string }>;
}

/** Makes one of everything that goes by a clock, with credentials for an hour from now. */
async function makeAll(name: string): Promise<Clocked> {
  const { token, line } = await createToken({ name, ttl: hour });
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(path, `${line}\n`, { mode: 0o600 });
  const { authorize } = await tokens({ path });
  const claim = await new SignJWT({ shelflife: {} })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(Math.floor((Date.now() + hour) / 1000))
    .sign(utf8(secret));
  const check = jwt({ secret });
  const limited = limitRate({ perSecond: 1 / 60, burst: 1, by: () => "one" })(async () => new Response());
  const store = memory({ sweepInterval: Infinity });
  const has = vi.spyOn(store, "has");
  const { answer } = health(store, { maxAge: hour });
  let logged = "";
  const log = logRequests({ write: (line) => (logged = (JSON.parse(line) as LogLine).time) })(
    async () => new Response(),
  );
  const ask = (bearer = ""): Request =>
    new Request("http://x/ready", { headers: { authorization: `Bearer ${bearer}` } });
  return {
    async look() {
      await log(ask());
      await answer(ask());
      return {
        token: authorize(ask(token)) === true,
        claim: !!(await check(ask(claim))),
        rate: (await limited(ask())).status,
        asked: has.mock.calls.length,
        logged,
      };
    },
  };
}

function fakeClock(t: TestContext, time: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: time });
  t.onTestFinished(() => void vi.useRealTimers());
}

test("what is made before a clock is replaced goes by the one that it is replaced by", async (t) => {
  const { look } = await makeAll("before");
  const first = await look();
  assert.deepEqual([first.token, first.claim, first.rate, first.asked], [true, true, 200, 1]);
  const time = Date.now() + 2 * hour;
  fakeClock(t, time);
  assert.deepEqual(await look(), { token: false, claim: false, rate: 200, asked: 2, logged: new Date(time).toISOString() }); // prettier-ignore
});

test("what is made under a clock goes by the next one when that is gone", async (t) => {
  fakeClock(t, Date.now() - 2 * hour);
  const { look } = await makeAll("under");
  const first = await look();
  assert.deepEqual([first.token, first.claim, first.rate, first.asked], [true, true, 200, 1]);
  vi.useRealTimers();
  const { logged, ...rest } = await look();
  assert.deepEqual(rest, { token: false, claim: false, rate: 200, asked: 2 });
  assert.ok(Date.parse(logged) > Date.now() - hour);
});
