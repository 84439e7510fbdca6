import { StoreError } from "../../../src/core/error.ts";
import { FORGOTTEN } from "../../../src/core/link.ts";
import type { Chance } from "./chance.ts";
import { createData, type Answer, type Stored, type Wish } from "./data.ts";
import type { Ledger } from "./ledger.ts";
import type { Owner, Schedule } from "./schedule.ts";

export interface Parcel {
  readonly client: string;
  readonly name: string;
  readonly sequence: number;
  readonly nonce: string;
  readonly wishes: readonly Wish[];
}

interface Replica {
  readonly sequence: number;
  readonly nonce: string;
  /** Nothing while it is under way, and ever after if it was cut off. */
  readonly answers?: readonly Answer[] | undefined;
}

interface Backup {
  readonly data: ReadonlyMap<string, Stored>;
  readonly replicas: ReadonlyMap<string, Replica>;
  readonly applied: ReturnType<Ledger["save"]>;
}

/** The other side: what a handler and its store do, as far as a client can tell. */
export interface Server {
  /** Runs a request, unless it is cut off: then that rejects. */
  accept<R>(work: () => Promise<R>): Promise<R>;
  greet(): Promise<string>;
  push(parcel: Parcel): Promise<readonly Answer[] | typeof FORGOTTEN>;
  changes(after: string | undefined): Promise<{ keys?: readonly string[] | undefined; bookmark: string }>;
  list(cursor: string | undefined): Promise<{ entries: [string, Stored][]; cursor: string | undefined }>;
  read(keys: readonly string[]): Promise<(Stored | undefined)[]>;
  find(key: string): Stored | undefined;
  restart(isVolatile: boolean): void;
  trim(): void;
  forget(): void;
  backup(): void;
  /** Goes back to the backup, if there is one. */
  restore(): void;
  /** Whether nobody is let in. */
  isLocked: boolean;
  /** How many wishes one push may have. */
  most: number;
  /** How often there is no room for a value. */
  isFull: number;
}

export interface ServerWorld {
  readonly chance: Chance;
  readonly schedule: Schedule;
  readonly ledger: Ledger;
  readonly time: () => number;
  readonly say: (text: string) => void;
}

export function createServer({ chance, schedule, ledger, time, say }: ServerWorld): Server {
  const data = createData(chance, ledger, time);
  let replicas = new Map<string, Replica>();
  let owner: Owner = { name: "server", isDead: false };
  let saved: Backup | undefined;
  const underWay = new Map<string, Promise<readonly Answer[]>>();
  const cuts = new Set<() => void>();
  const turn = (): Promise<void> => schedule.turn(owner);

  async function runAll({ wishes, client, name, sequence, nonce }: Parcel): Promise<readonly Answer[]> {
    await turn();
    const answers: Answer[] = [];
    for (const wish of wishes) {
      const answer = data.run(wish, client, chance.is(server.isFull));
      say(`server: ${client} ${JSON.stringify(wish)} -> ${JSON.stringify(answer)}`);
      answers.push(answer);
      await turn();
    }
    replicas.set(name, { sequence, nonce, answers });
    return answers;
  }

  function revive(): void {
    ledger.forgot();
    schedule.kill(owner);
    owner = { name: "server", isDead: false };
    underWay.clear();
    for (const cut of cuts) cut();
    cuts.clear();
  }

  const server: Server = {
    isLocked: false,
    most: Infinity,
    isFull: 0,
    accept: (work) =>
      new Promise((resolve, reject) => {
        const cut = (): void => reject(new StoreError("unavailable", "Connection was reset"));
        cuts.add(cut);
        if (server.isLocked) reject(new StoreError("unauthorized", "Token has expired: expected another"));
        else
          void work()
            .then(resolve, reject)
            .finally(() => cuts.delete(cut));
      }),
    async greet() {
      await turn();
      const name = chance.word();
      replicas.set(name, { sequence: 0, nonce: "", answers: [] });
      return name;
    },
    async push(parcel) {
      const { name, sequence, nonce, wishes } = parcel;
      await turn();
      const known = replicas.get(name);
      const id = `${name} ${sequence} ${nonce}`;
      if (known?.sequence === sequence && known.nonce === nonce) return known.answers ?? underWay.get(id) ?? FORGOTTEN;
      if (wishes.length > server.most || wishes.some(({ key, text, by }) => ledger.isTooLarge(key, text, by)))
        throw new StoreError("quota-exceeded", "Push is too large");
      if (known?.sequence !== sequence - 1) return FORGOTTEN;
      replicas.set(name, { sequence, nonce });
      const answers = runAll(parcel);
      underWay.set(id, answers);
      return answers;
    },
    async changes(after) {
      await turn();
      return data.since(after);
    },
    async list(cursor) {
      await turn();
      const rest = data.keys().filter((key) => cursor === undefined || key > cursor);
      const page = rest.slice(0, 1 + chance.below(3));
      return {
        entries: page.map((key) => [key, data.find(key)!]),
        cursor: page.length < rest.length ? page.at(-1) : undefined,
      };
    },
    async read(keys) {
      await turn();
      const found: (Stored | undefined)[] = [];
      for (const key of keys) {
        found.push(data.find(key));
        if (chance.is(0.3)) await turn();
      }
      return found;
    },
    find: data.find,
    restart(isVolatile) {
      say(`server: restarts${isVolatile ? ", and knows no replica" : ""}`);
      revive();
      if (isVolatile) replicas.clear();
    },
    trim() {
      say("server: trims its log");
      data.trim();
    },
    forget() {
      say("server: forgets the replicas");
      revive();
      replicas.clear();
    },
    backup() {
      say("server: backup");
      saved = { data: data.save(), replicas: new Map(replicas), applied: ledger.save() };
    },
    restore() {
      if (!saved) return;
      const isWhole = chance.is(0.5);
      say(`server: restores the backup${isWhole ? ", and that of the replicas" : ""}`);
      revive();
      data.restore(saved.data);
      if (isWhole) replicas = new Map(saved.replicas);
      ledger.restored(saved.applied, saved.data);
    },
  };
  return server;
}
