import { AsyncLocalStorage } from "node:async_hooks";
import { memory } from "../../../src/backends/memory.ts";
import type { Entry, NewEntry, Store } from "../../../src/core/contract.ts";
import { createCompleteStore } from "../../../src/core/createCompleteStore.ts";
import { StoreError } from "../../../src/core/error.ts";
import { createHub, type Hub } from "../../../src/core/hub.ts";
import { decodeLoosely } from "../../../src/core/utf8.ts";
import type { KeyChange } from "../../../src/core/keyChange.ts";
import type { Room } from "../../../src/offline/room.ts";
import type { Merge } from "../../../src/offline/settle.ts";
import type { Chance, Faults } from "./chance.ts";
import type { Deed } from "./deeds.ts";
import type { Ledger } from "./ledger.ts";
import { createLink, type LinkWorld } from "./link.ts";
import { createRecorder, isOptional, type Recorder, type Work } from "./recorder.ts";
import type { Code } from "./room.ts";
import type { Owner, Schedule } from "./schedule.ts";
import type { Server } from "./server.ts";

export interface ClientWorld {
  readonly code: Code;
  readonly chance: Chance;
  readonly schedule: Schedule;
  readonly server: Server;
  readonly ledger: Ledger;
  readonly faults: () => Faults;
  readonly network: Owner;
  readonly time: () => number;
  readonly say: (text: string) => void;
  readonly merge: Merge | undefined;
  /** How much of what was synced is kept. */
  readonly limits: { readonly maxValueBytes?: number; readonly maxBytes?: number };
}

/** A page or process of a client. */
export interface Context {
  readonly owner: Owner;
  readonly room: Room;
  readonly store: Store;
  /** Does something in it, which may be cut off by its end. */
  run(what: string, work: (work: Work) => Promise<unknown>): void;
  /** Pushes what waits. */
  push(): void;
  pull(): void;
  /** Checks that what was reported is what has changed. */
  checkReports(): void;
  /** How much of its work is not over. */
  busy: number;
  /** What of that is under way by name. */
  readonly active: ReadonlySet<string>;
  /** What is under way to keys. */
  readonly deeds: ReadonlyMap<string, Deed>;
}

/** One who has the data of a local store, in one or two contexts. */
export interface Client {
  readonly name: string;
  isCut: boolean;
  /** Whether its local store has no room for more bytes of values than there are. */
  isFull: boolean;
  /** How far its clock is ahead: ms. */
  ahead: number;
  /** By how much it is wrong for a while: ms. */
  wrong: number;
  /** How often its clock was set. */
  sets: number;
  /** What its clock showed at the latest: epoch ms. */
  latest: number;
  readonly now: () => number;
  readonly local: Store;
  readonly recorder: Recorder;
  /** What its contexts report to each other. */
  readonly hub: Hub;
  contexts: Context[];
  open(): Context;
}

const works = new AsyncLocalStorage<Work>();

export function createClient(name: string, world: ClientWorld): Client {
  const { chance, ledger, time, say } = world;
  const now = (): number => {
    const at = time() + client.ahead;
    client.latest = Math.max(client.latest, at);
    return at;
  };
  const local = memory({ now, sweepInterval: Infinity });
  let count = 0;
  const client: Client = {
    hub: createHub(),
    name,
    isCut: false,
    isFull: false,
    ahead: chance.below(5000),
    wrong: 0,
    sets: 0,
    latest: 0,
    now,
    local,
    recorder: createRecorder({ client: name, now, time, ledger, say }),
    contexts: [],
    open() {
      const owner: Owner = { name: `${name}${++count}`, isDead: false };
      const context = createContext(client, owner, world);
      return context;
    },
  };
  return client;
}

function createContext(client: Client, owner: Owner, world: ClientWorld): Context {
  const { code, chance, schedule, ledger, merge, limits, say } = world;
  const { now } = client;
  const link = createLink({ ...(world satisfies Partial<LinkWorld>), client, owner, now });
  const expected: KeyChange[] = [];
  const reports: KeyChange[] = [];
  const room = code.createRoom({
    local: wrapLocal(client, owner, world, (changes) => expected.push(...changes)),
    link,
    hub: Promise.resolve({
      ...client.hub,
      report(changes) {
        for (const { type, key } of changes) if (key.startsWith("d")) reports.push({ type, key: key.slice(1) });
        client.hub.report(changes);
      },
    }),
    now,
    word: chance.word,
    merge,
    ...limits,
    maxPendingKeys: 10_000,
    onConflict: () => {},
    end: async () => {},
  });
  const all = new Map<string, Deed>();
  const active = new Set<string>();
  const context: Context = {
    owner,
    deeds: all,
    active,
    room,
    store: createCompleteStore(room.backend, { now, sweepInterval: Infinity }),
    busy: 0,
    run(what, task) {
      const work: Work = { what, isCall: !/^pu(sh|ll)$/.test(what), deeds: [], all };
      context.busy++;
      active.add(what);
      void works.run(work, async () => {
        try {
          const done = task(work);
          for (const deed of work.deeds) all.set(deed.key, deed);
          await done;
          for (const deed of work.deeds) deed.isAcknowledged = true;
          if (work.deeds[0]) say(`${owner.name}: ${what} is acknowledged`);
        } catch (error) {
          const { name, code, message } = error as StoreError;
          say(`${owner.name}: ${what} failed: ${code ?? ""} ${message}`);
          const isExpected = /^(unavailable|unauthorized|not-found|quota-exceeded)$/.test(code);
          if (!(name === "StoreError" && isExpected) && message !== "Another round has begun")
            ledger.fail(`${what} rejects: ${(error as Error).stack}`);
        }
        for (const { key } of work.deeds) all.delete(key);
        context.busy--;
        active.delete(what);
      });
    },
    push() {
      context.run("push", async () => {
        await schedule.turn(owner);
        for (let count = 0; count < 30; count++) if ((await code.push(room.side, { now })) !== "done") return;
      });
    },
    pull() {
      context.run("pull", async () => {
        await schedule.turn(owner);
        await code.pull(room.side, { now });
      });
    },
    checkReports() {
      const show = (changes: readonly KeyChange[]): string =>
        changes
          .map(({ type, key }) => `${type} ${key}`)
          .sort()
          .join();
      // A write of what was there already is reported or not.
      for (const change of expected.filter(isOptional))
        if (!reports.some(({ type, key }) => type === change.type && key === change.key))
          expected.splice(expected.indexOf(change), 1);
      if (show(expected) !== show(reports))
        ledger.fail(`${owner.name} reports ${show(reports)} where ${show(expected)} has changed`);
      expected.length = reports.length = 0;
    },
  };
  return context;
}

/** How many bytes of values a row has, after its line: of a record, or of what was kept, unless that is a number that was added. */
function bytesOf(row: NewEntry | undefined): number {
  if (!row) return 0;
  const end = row.value.indexOf(10) + 1;
  const line = decodeLoosely(row.value.subarray(0, end));
  return (line[0] === "[" || row.value[0] === 2) && !line.includes('"difference":true') ? row.value.length - end : 0;
}

/** The local store as a context has it: everything takes turns, and is noted. */
function wrapLocal(
  client: Client,
  owner: Owner,
  { schedule, faults, chance, say }: ClientWorld,
  expect: (changes: readonly KeyChange[]) => void,
): Store {
  const { local, recorder } = client;
  const turn = (): Promise<void> => schedule.turn(owner);

  function checkRoom(before: readonly (Entry | undefined)[], after: readonly (NewEntry | undefined)[]): void {
    const [old, next] = [before, after].map((rows) => rows.reduce((sum, row) => sum + bytesOf(row), 0));
    if (!client.isFull || next! <= old!) return;
    say(`${owner.name}: there is no room for ${next! - old!} bytes more`);
    throw new StoreError("quota-exceeded", "Local store is full");
  }

  async function write<R>(work: () => Promise<R>): Promise<R> {
    await turn();
    if (chance.is(faults().localQuota)) {
      say(`${owner.name}: the local store is full`);
      throw new StoreError("quota-exceeded", "Local store is full");
    }
    recorder.begin(owner.name, works.getStore());
    const result = await work();
    const changes = recorder.end();
    await turn();
    expect(changes);
    return result;
  }

  async function read<R>(work: () => Promise<R>): Promise<R> {
    await turn();
    const result = await work();
    await turn();
    return result;
  }

  async function* iterate<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    await turn();
    const all: T[] = [];
    for await (const item of items) all.push(item);
    await turn();
    yield* all;
  }

  return {
    ...local,
    find: (...given) => read(() => local.find(...given)),
    findMany: (...given) => read(() => local.findMany(...given)),
    entry: (...given) => read(() => local.entry(...given)),
    list: (...given) => read(() => local.list(...given)),
    keys: (...given) => iterate(local.keys(...given)),
    entries: (...given) => iterate(local.entries(...given)),
    transact: (keys, change, options) =>
      write(() =>
        local.transact(
          keys,
          (rows) => {
            const after = change(rows);
            checkRoom(rows, after);
            return recorder.note([...keys], rows, after);
          },
          options,
        ),
      ),
    setMany: (items, options) =>
      write(async () => {
        const all = [...items];
        await local.setMany(all, options);
        for (const [key, value] of all) recorder.note([key], [undefined], [{ value: value as Uint8Array }]);
      }),
    deleteMany: (keys, options) =>
      write(async () => {
        const all = [...keys];
        const count = await local.deleteMany(all, options);
        for (const key of all) recorder.note([key], [undefined], [undefined]);
        return count;
      }),
    watch: (options) => recorder.watch(options?.prefix ?? "", owner, options?.signal),
    sweep: () => write(() => local.sweep()),
    update: () => Promise.reject(new Error("Nothing of this is simulated")),
    set: () => Promise.reject(new Error("Nothing of this is simulated")),
  };
}
