import { encodeText, decodeLoosely } from "../../src/core/utf8.ts";
import { identityRow } from "../../src/offline/names.ts";
import { isWrite, readRecord, visible } from "../../src/offline/record.ts";
import type { Merge } from "../../src/offline/settle.ts";
import { chooseFaults, createChance, noFaults, type Chance, type Faults } from "../support/simulator/chance.ts";
import { createClient, type Client, type Context } from "../support/simulator/client.ts";
import { keys } from "../support/simulator/content.ts";
import { createLedger, type Ledger } from "../support/simulator/ledger.ts";
import { operate } from "../support/simulator/operations.ts";
import { room, type Code } from "../support/simulator/room.ts";
import { createSchedule, type Owner, type Schedule } from "../support/simulator/schedule.ts";
import { createServer, type Server } from "../support/simulator/server.ts";
import { scheduleTimers } from "../support/simulator/timers.ts";

/** What came of one seed. */
export interface Outcome {
  readonly violations: readonly string[];
  /** What happened, line by line. */
  readonly story: readonly string[];
  readonly operations: number;
}

interface World {
  readonly chance: Chance;
  readonly schedule: Schedule;
  readonly server: Server;
  readonly ledger: Ledger;
  readonly clients: readonly Client[];
  faults: Faults;
  time: number;
  readonly say: (text: string) => void;
}

const day = 86_400_000;

/** Runs offline stores by the schedule of a seed, with all that may go wrong, and checks that nothing does. One seed is one schedule. */
export async function simulate(seed: number, code: Code = room): Promise<Outcome> {
  const story: string[] = [];
  const world = createWorld(seed, code, (text) => story.push(`${world.time % 1e7} ${text}`));
  const { ledger } = world;
  const putBack = scheduleTimers(world.schedule);
  try {
    await goWrong(world);
    await comeToRest(world);
    await check(world);
  } finally {
    putBack();
  }
  return { violations: ledger.violations, story, operations: ledger.deeds.size };
}

function createWorld(seed: number, code: Code, say: (text: string) => void): World {
  const chance = createChance(seed);
  const schedule = createSchedule(chance.next);
  const ledger = createLedger(say);
  const time = (): number => world.time;
  const server = createServer({ chance, schedule, ledger, time, say });
  const network: Owner = { name: "network", isDead: false };
  const names = ["p", "q", ...(chance.is(0.5) ? ["r"] : [])];
  const merge: Merge | undefined = chance.is(0.3) ? mergeBoth : undefined;
  const faults = (): Faults => world.faults;
  // What is synced is kept all of it, or as far as there is room.
  const limits = {
    ...(chance.is(0.3) && { maxValueBytes: chance.pick([1, 3, 8]) }),
    ...(chance.is(0.2) && { maxBytes: chance.pick([4, 20]) }),
  };
  const clients = names.map((name) =>
    createClient(name, { code, chance, schedule, server, ledger, faults, network, time, say, merge, limits }),
  );
  const world: World = { chance, schedule, server, ledger, clients, faults: noFaults, time: 1_700_000_000_000, say };
  for (const client of clients) client.contexts = Array.from({ length: chance.is(0.6) ? 2 : 1 }, () => client.open());
  // Where nothing is lost, more comes of what is late.
  world.faults = chance.is(0.8) ? chooseFaults(chance) : { ...noFaults, slow: chance.pick([0, 0.6]) };
  server.most = world.faults.tooLarge ? chance.pick([2, 3, Infinity]) : Infinity;
  return world;
}

/** Keeps mine, and says of which of theirs it was made; of some it cannot make one. */
const mergeBoth: Merge = ({ mine, theirs }) => {
  if (!mine || !theirs) return mine;
  const [my, other] = [decodeLoosely(mine), decodeLoosely(theirs)];
  if (/[05]$/.test(my)) throw new Error("Cannot merge those");
  if (/^\d/.test(my)) throw new Error("Cannot merge numbers");
  return encodeText(`${my.split("|")[0]}|${other}`);
};

async function step(world: World): Promise<boolean> {
  const goesOn = await world.schedule.step();
  for (const { contexts } of world.clients) for (const context of contexts) context.checkReports();
  return goesOn;
}

/** Has clients do what they like, with faults. */
async function goWrong(world: World): Promise<void> {
  const { chance, clients, faults, ledger } = world;
  const among = chance.is(0.4) ? ["a", "x"] : chance.is(0.3) ? ["a", "b", "x"] : keys;
  let operations = 20 + chance.below(30);
  const [pushes, pulls] = [chance.pick([0.03, 0.1]), chance.pick([0.03, 0.1])];
  // Before a client knows what there is, it has to ask for it.
  const pullsFrom = chance.is(0.3) ? chance.below(500) : 0;
  const steps = 600 + chance.below(600);
  for (let count = 0; count < steps && (operations > 0 || count < 500); count++) {
    world.time += chance.below(20);
    const client = chance.pick(clients);
    const context = chance.pick(client.contexts);
    if (operations > 0 && chance.is(0.08)) {
      operations--;
      operate(client, context, chance, faults, ledger, among);
    }
    // As a rule one at a time.
    if (chance.is(context.active.has("push") ? pushes / 20 : pushes)) context.push();
    if (count >= pullsFrom && chance.is(context.active.has("pull") ? pulls / 20 : pulls)) context.pull();
    cause(world, client, context);
    await step(world);
    if (ledger.violations[0]) return;
  }
}

/** Lets something go wrong, as often as it does. */
function cause(world: World, client: Client, context: Context): void {
  const { chance, schedule, server, ledger, faults, say } = world;
  const { name } = context.owner;
  if (chance.is(faults.kill)) {
    say(`${name} is killed`);
    schedule.kill(context.owner);
    client.contexts = client.contexts.map((each) => (each === context ? client.open() : each));
  }
  // What is out of order is in order again before long.
  if (chance.is(client.isCut ? 0.05 : faults.partition)) {
    client.isCut = !client.isCut;
    say(`${client.name} is ${client.isCut ? "cut off" : "back"}`);
  }
  if (chance.is(client.isFull ? 0.02 : faults.full)) {
    client.isFull = !client.isFull;
    say(`the local store of ${client.name} ${client.isFull ? "is full" : "has room"}`);
  }
  if (chance.is(faults.clock)) setClock(client, chance.pick([-day, day]), say);
  // Once, for a while in which it is looked at what there is.
  if (chance.is(client.wrong ? 0.012 : client.sets ? 0 : faults.astray)) {
    client.wrong = client.wrong ? -client.wrong : chance.pick([-day, day, day]);
    setClock(client, client.wrong, say);
    if (client.sets > 1) client.wrong = 0;
  }
  if (client.wrong && chance.is(0.1))
    operate(client, context, chance, faults, ledger, keys, chance.pick(["read", "sweep"]));
  if (chance.is(faults.restart)) server.restart(faults.isVolatile);
  if (chance.is(faults.trim)) server.trim();
  if (chance.is(faults.forget)) server.forget();
  if (chance.is(faults.restore * 3)) server.backup();
  if (chance.is(faults.restore)) server.restore();
  if (chance.is(server.isLocked ? 0.02 : faults.lock)) {
    server.isLocked = !server.isLocked;
    say(`server lets ${server.isLocked ? "nobody" : "everybody"} in`);
  }
  server.isFull = faults.remoteQuota;
}

function setClock(client: Client, by: number, say: World["say"]): void {
  client.sets++;
  client.ahead += by;
  say(`the clock of ${client.name} is set to ${client.now()}`);
}

/** Has everything work again, and everybody go on until there is nothing to do. */
async function comeToRest(world: World): Promise<void> {
  const { chance, schedule, server, ledger, clients, say } = world;
  if (ledger.violations[0]) return;
  say("faults are over");
  world.faults = noFaults;
  server.isLocked = false;
  server.isFull = 0;
  const isReborn = chance.is(0.5);
  for (const client of clients) {
    client.isCut = false;
    if (!isReborn) continue;
    for (const { owner } of client.contexts) schedule.kill(owner);
    client.contexts = client.contexts.map(() => client.open());
  }
  await drain(world);
  const staysFull = chance.is(0.5) && server.most === Infinity;
  for (const client of clients) client.isFull &&= staysFull;
  for (let round = 0; round < 6; round++) await goRound(world);
  if (clients.some(({ isFull }) => isFull)) {
    await checkDrained(world);
    for (const client of clients) client.isFull = false;
    for (let round = 0; round < 6; round++) await goRound(world);
  }
  // What contexts report to each other may come in another order than it was done, so that it is counted again before long.
  for (const { contexts } of clients) for (const { run, room } of contexts) run("count", () => room.status.recount());
  await drain(world);
}

async function goRound(world: World): Promise<void> {
  const { clients, chance } = world;
  for (const { contexts } of clients) {
    for (const context of contexts.slice(0, 1 + chance.below(2))) {
      context.push();
      context.pull();
    }
  }
  await drain(world);
}

/**
 * Checks that what waits for want of room here is only what needs more than it frees: what is in conflict, or has come twice, and what
 * is on its way together with that.
 */
async function checkDrained({ clients, server, ledger }: World): Promise<void> {
  if (ledger.violations[0]) return;
  for (const { name, local, isFull } of clients) {
    const who = await local.find(identityRow);
    const items: readonly (readonly [key: string])[] = (who && JSON.parse(decodeLoosely(who)).batch?.items) ?? [];
    const together = await Promise.all(items.map(async ([key]) => readRecord(await local.find(`d${key}`)).pending[1]));
    for (const key of keys) {
      const { pending } = readRecord(await local.find(`d${key}`));
      if (items.some(([sent]) => sent === key) && together.some(Boolean)) continue;
      const [slot] = pending;
      const isConflict = isWrite(slot) && slot.base !== server.find(key)?.text;
      if (slot && !pending[1] && !isConflict)
        ledger.fail(`${name}, which ${isFull ? "has no room" : "is not alone"}, still has something of ${key} to push`);
    }
  }
}

/** Lets all go on until nobody waits. */
async function drain(world: World): Promise<void> {
  let count = 0;
  while (await step(world)) if (world.ledger.violations[0] || count++ > 20_000) break;
  if (count > 20_000) world.ledger.fail("does not come to rest");
  for (const { contexts } of world.clients)
    for (const { owner, busy } of contexts)
      if (busy && count <= 20_000 && !world.ledger.violations[0]) world.ledger.fail(`${owner.name} hangs`);
}

// By how much deadlines may differ that were carried over the wire: ms.
const slack = 20_000;

/** Compares all sides, now that nothing is under way. */
async function check({ clients, server, ledger, time }: World): Promise<void> {
  if (ledger.violations[0]) return;
  for (const { name, now, local, contexts, ahead } of clients) {
    const rows = new Map<string, Uint8Array>();
    for await (const { key, value } of local.entries()) rows.set(key, value);
    for (const key of keys) {
      const row = rows.get(`d${key}`);
      const record = readRecord(row);
      if (record.pending[0]) ledger.fail(`${name} still has something of ${key} to push`);
      const [here, there] = [visible(record, now), server.find(key)];
      const mine = here?.value ? decodeLoosely(here.value) : here?.tag;
      const [hereUntil, thereUntil] = [(here?.expiresAt ?? now()) - ahead, there?.expiresAt ?? time];
      if (mine !== there?.text && Math.max(hereUntil, thereUntil) > time + slack)
        ledger.fail(`${name} sees ${key} ${mine}, and the server has ${there?.text}`);
      if (hereUntil !== thereUntil && Math.abs(hereUntil - thereUntil) > slack)
        ledger.fail(`${name} has ${key} ${mine} until ${hereUntil}, and the server until ${thereUntil}`);
    }
    for (const row of rows.keys()) if (row[0] === "o") ledger.fail(`${name} still has the mark ${row}`);
    const conflicts = [...rows.keys()].filter((row) => row[0] === "x").length;
    for (const { owner, room } of contexts) {
      const status = room.status.get();
      if (status.pending || status.conflicts !== conflicts)
        ledger.fail(`status of ${owner.name} is ${JSON.stringify(status)} with ${conflicts} conflicts`);
    }
  }
  ledger.check(
    (key) => server.find(key)?.text,
    (name) => clients.find((client) => client.name === name)!.latest,
  );
}
