import type { Call, Store } from "../../../src/core/contract.ts";
import { StoreError } from "../../../src/core/error.ts";
import { FORGOTTEN, type Link, type Operation, type Remote } from "../../../src/core/link.ts";
import { decodeLoosely, encodeText } from "../../../src/core/utf8.ts";
import type { Chance, Faults } from "./chance.ts";
import type { Stored, Wish } from "./data.ts";
import type { Owner, Schedule } from "./schedule.ts";
import type { Server } from "./server.ts";

export interface LinkWorld {
  readonly chance: Chance;
  readonly schedule: Schedule;
  readonly server: Server;
  readonly faults: () => Faults;
  /** Has the requests that come late. */
  readonly network: Owner;
  readonly client: { readonly name: string; isCut: boolean };
  readonly owner: Owner;
  readonly now: () => number;
  readonly time: () => number;
  readonly say: (text: string) => void;
}

/** The way of one context to the server, on which anything may be lost. */
export function createLink(world: LinkWorld): Link {
  const { chance, schedule, server, faults, network, client, owner, now, time, say } = world;
  const lost = (): StoreError => new StoreError("unavailable", "Nobody answers");

  async function arriveLate(work: () => Promise<unknown>): Promise<void> {
    for (let left = chance.below(60); left >= 0; left--) await schedule.turn(network);
    await server.accept(work);
  }

  async function turns(count: number): Promise<never> {
    for (let left = count; left >= 0; left--) await schedule.turn(owner);
    throw lost();
  }

  async function ask<R>(what: string, work: () => Promise<R>): Promise<R> {
    await schedule.turn(owner);
    const { lostRequest, lostAnswer, late, impatience, slow } = faults();
    if (client.isCut || chance.is(lostRequest)) {
      say(`${owner.name}: ${what} is lost`);
      return turns(0);
    }
    if (chance.is(late)) arriveLate(work).catch(() => {});
    const answer = server.accept(work);
    answer.catch(() => {});
    const found = await Promise.race([answer, ...(chance.is(impatience) ? [turns(1 + chance.below(20))] : [])]);
    for (let left = chance.is(slow) ? chance.below(40) : 0; left >= 0; left--) await schedule.turn(owner);
    if (!client.isCut && !chance.is(lostAnswer)) return found;
    say(`${owner.name}: the answer to ${what} is lost`);
    return turns(0);
  }

  /** An entry as it comes here: with what is left of its life, by a clock of which nobody knows how it stands. */
  function toRemote(
    stored: Stored | undefined,
    known: string | undefined,
    asked: number,
    most = Infinity,
  ): Remote | undefined {
    if (!stored) return undefined;
    const { text, expiresAt } = stored;
    const isLarge = text !== known && text.length > most;
    const value = text === known || isLarge ? undefined : encodeText(text);
    return {
      value,
      tag: text,
      expiresAt: expiresAt === Infinity ? Infinity : asked + expiresAt - time(),
      ...(isLarge && { size: text.length }),
    };
  }

  function toWish(operation: Operation): Wish {
    const { kind, key, expiresAt } = operation;
    const left = expiresAt - now();
    if (kind === "touch") return { kind, key, left };
    if (kind === "add") return { kind, key, left, by: operation.by };
    const { value, tag } = operation;
    return { kind, key, left, tag, text: value && decodeLoosely(value) };
  }

  return {
    store: {} as Store,
    async greet() {
      const name = await ask("greeting", server.greet);
      return { name, scope: "", time: time(), maxBytes: 1_000_000, maxItems: 1000 };
    },
    async push({ operations, ...ticket }) {
      const asked = now();
      const wishes = operations.map(toWish);
      say(`${owner.name}: pushes ${ticket.name} ${ticket.sequence}: ${JSON.stringify(wishes)}`);
      const answers = await ask("push", () => server.push({ ...ticket, client: client.name, wishes }));
      say(`${owner.name}: ${ticket.name} ${ticket.sequence} is ${answers === FORGOTTEN ? "forgotten" : "answered"}`);
      if (answers === FORGOTTEN) return FORGOTTEN;
      return answers.map(({ now, ...answer }, index) => {
        const wish = wishes[index]!;
        // What was written is not sent back, and what is too much besides others neither.
        const isShort = (wish.kind === "write" && answer.isDone) || chance.is(0.3);
        return { ...answer, now: toRemote(now, isShort ? now?.text : undefined, asked) };
      });
    },
    async changes(after) {
      const [found, at] = await ask("changes", async () => [await server.changes(after), time()] as const);
      say(`${owner.name}: changes since ${after}: ${found.keys?.join()}, until ${found.bookmark}`);
      return { ...found, bookmark: found.bookmark, time: at };
    },
    async list({ cursor }, _call: Call) {
      const asked = now();
      const page = await ask("list", () => server.list(cursor));
      const entries = page.entries.map(([key, stored]) => {
        const { expiresAt, tag } = toRemote(stored, undefined, asked)!;
        return { key, expiresAt, tag };
      });
      return { entries, cursor: page.cursor };
    },
    async read(wanted) {
      const asked = now();
      const found = await ask("read", () => server.read(wanted.map(([key]) => key)));
      say(`${owner.name}: reads ${wanted.map(([key], index) => `${key} ${found[index]?.text}`).join()}`);
      return found.map((stored, index) => {
        const isShort = index > 0 && chance.is(0.2);
        return toRemote(stored, isShort ? stored?.text : wanted[index]![1], asked, wanted[index]![2]);
      });
    },
  };
}
