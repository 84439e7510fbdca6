import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { remote } from "../../src/server.ts";
import type { Bench, Suite } from "../bench.ts";
import { load } from "../load.ts";
import { inTurn, type Peer } from "../peer.ts";
import { median } from "../rows.ts";
import { storePeer } from "../storePeer.ts";
import { valueOf } from "../values.ts";

interface Served {
  readonly url: string;
  readonly child: ChildProcess;
}

async function serve(name: string): Promise<Served> {
  const child = fork(fileURLToPath(new URL("../server.ts", import.meta.url)), [name]);
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  return { url, child };
}

async function cpu({ child }: Served): Promise<number> {
  child.send("cpu");
  const [{ cpu }] = (await once(child, "message")) as [{ cpu: number }];
  return cpu;
}

/** A client that costs next to nothing: one request after the other on a socket. */
async function ask(socket: Socket, request: Buffer, times: number): Promise<void> {
  let left = times;
  let answer = "";
  const done = new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("data", (data: Buffer) => {
      answer += data.toString("latin1");
      const end = answer.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/^content-length: *(\d+)/im.exec(answer)?.[1] ?? 0);
      if (answer.length < end + 4 + length) return;
      if (!/^HTTP\/1.1 20/.test(answer)) return reject(new Error(answer));
      answer = "";
      if (--left) socket.write(request);
      else resolve();
    });
  });
  socket.write(request);
  await done;
  socket.removeAllListeners("data");
}

/** What the handler adds to a server that does nothing: in time, and in the server's share of the processor. */
async function measureOverhead(bench: Bench, method: "GET" | "PUT", handled: Served, empty: Served): Promise<void> {
  const calls = 12_000;
  const callers = 8;
  const title = `handler over an empty one, ${method} 100 B, ${callers} connections`;
  if (!bench.isWanted(title)) return;
  const rates = new Map<string, number[]>([
    ["shelflife handler", []],
    ["empty handler", []],
  ]);
  const costs: number[] = [];
  const servers = [
    ["shelflife handler", handled],
    ["empty handler", empty],
  ] as const;
  for (let round = 0; round <= bench.rounds; round++) {
    const cost = new Map<Served, number>();
    for (const [name, served] of inTurn(servers, round)) {
      const { hostname, port, host, pathname } = new URL(served.url);
      const path = `${pathname}${pathname.endsWith("/") ? "" : "/"}entry?key=overhead`;
      const head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`;
      const body = method === "PUT" ? Buffer.alloc(100, 65) : Buffer.alloc(0);
      const request = Buffer.concat([
        Buffer.from(`${head}${method === "PUT" ? "content-length: 100\r\n" : ""}\r\n`),
        body,
      ]);
      const sockets = Array.from({ length: callers }, () => connect(Number(port), hostname).setNoDelay());
      await Promise.all(sockets.map((socket) => once(socket, "connect")));
      const before = await cpu(served);
      const start = performance.now();
      await Promise.all(sockets.map((socket) => ask(socket, request, calls / callers)));
      const took = performance.now() - start;
      // The first is for warming up.
      if (round) rates.get(name)!.push((calls / took) * 1000);
      cost.set(served, (await cpu(served)) - before);
      for (const socket of sockets) socket.destroy();
    }
    if (round) costs.push(cost.get(handled)! / cost.get(empty)!);
  }
  bench.note(title, calls, rates);
  console.log(`  processor time of the server: ${median(costs).toFixed(2)} × that of the empty one`);
}

export const suite: Suite = async (bench) => {
  const [handled, empty, theirs] = await Promise.all([serve("ours"), serve("empty"), serve("unstorage")]);
  try {
    const store = remote({ url: handled.url });
    const { createStorage } = await load("unstorage");
    const { default: httpDriver } = await load("unstorage/drivers/http");
    const storage = createStorage({ driver: httpDriver({ base: theirs.url }) });
    const peers: Peer[] = [
      storePeer(store),
      {
        name: "unstorage, http driver and server",
        set: (key, value, ttl) => storage.setItemRaw(key, value, ttl && { ttl: ttl / 1000 }),
        get: async (key) => new Uint8Array((await storage.getItemRaw(key)) as ArrayBuffer),
      },
    ];
    for (const [callers, calls] of [
      [64, 6400],
      [1, 500],
    ] as const) {
      const who = callers === 1 ? "sequential" : `${callers} callers`;
      await bench.measure(`${who}, set, 100 B`, peers, { what: "set", calls, callers });
      await bench.measure(`${who}, get, 100 B`, peers, { what: "get", calls, callers });
    }
    const mix = { calls: 6400, callers: 64, what: "mix", ttl: 3_600_000 } as const;
    await bench.measure("mix: 64 callers, Zipf, 90 % get, half of the sets with a deadline", peers, mix);
    const megabytes = { calls: 20, callers: 1, size: 1 << 20 };
    await bench.measure("sequential set, 1 MiB", peers, { ...megabytes, what: "set" });
    await bench.measure("sequential get, 1 MiB", peers, { ...megabytes, what: "get" });
    await store.set("overhead", valueOf(0, 0, 100));
    await measureOverhead(bench, "GET", handled, empty);
    await measureOverhead(bench, "PUT", handled, empty);
    await store.close();
  } finally {
    for (const { child } of [handled, empty, theirs]) child.kill();
  }
};
