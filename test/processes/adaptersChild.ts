// A process of its own whose libraries keep what they know in a SQLite store, line by line: [number, name of the call, ...arguments].
import { ratelimit, type RatelimitStore } from "../../src/adapters/ratelimit.ts";
import { session, type SessionMethods } from "../../src/adapters/session.ts";
import { sqlite } from "../../src/backends/sqlite.ts";
import { answerCalls } from "../support/childCalls.ts";

let limits: RatelimitStore;
let sessions: SessionMethods;

await answerCalls({
  open(path: string) {
    const store = sqlite({ path });
    limits = ratelimit(store);
    limits.init({ windowMs: 3_600_000 });
    sessions = session(store);
  },
  async hit(times: number) {
    const hits = await Promise.all(Array.from({ length: times }, () => limits.increment("127.0.0.1")));
    return hits.map(({ totalHits, resetTime }) => [totalHits, resetTime!.getTime()]);
  },
  login: (sid: string) => sessions.set(sid, { user: "ada", cookie: { originalMaxAge: 3_600_000 } }),
  user: async (sid: string) => (await sessions.get(sid))?.user,
});
