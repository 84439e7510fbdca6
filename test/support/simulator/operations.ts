import type { NewEntry } from "../../../src/core/contract.ts";
import { decodeLoosely, encodeText } from "../../../src/core/utf8.ts";
import type { Chance, Faults } from "./chance.ts";
import type { Client, Context } from "./client.ts";
import { counters, keys, registers, writeContent } from "./content.ts";
import type { Deed, Kind } from "./deeds.ts";
import type { Ledger } from "./ledger.ts";
import type { Work } from "./recorder.ts";
import { watchOver } from "./watchOver.ts";

const hour = 3_600_000;

/** Has a context do something that a caller may. */
export function operate(
  client: Client,
  context: Context,
  chance: Chance,
  faults: Faults,
  ledger: Ledger,
  among: readonly string[],
  which?: string,
): void {
  const { store, deeds } = context;
  const { now } = client;
  // Of two at once on one key nobody could say which is which.
  const free = (some: readonly string[]): string[] => some.filter((key) => among.includes(key) && !deeds.has(key));

  function begin(work: Work, key: string, kind: Kind): Deed {
    const deed = ledger.begin(client.name, key, kind);
    work.deeds.push(deed);
    if (chance.is(faults.poison)) ledger.poison.add(deed.id);
    else if (chance.is(faults.tooLarge)) ledger.tooLarge.add(deed.id);
    return deed;
  }

  function lifetime(): { ttl?: number; expiresAt?: number } {
    if (chance.is(faults.astray ? 0.2 : 0.6)) return {};
    const ttl = chance.is(faults.astray ? 0.1 : 0.6) ? 50 + chance.below(4000) : (1 + chance.below(30)) * hour;
    return chance.is(0.5) ? { ttl } : { expiresAt: now() + ttl };
  }

  function value({ key, id }: Deed, before?: Uint8Array): Uint8Array<ArrayBuffer> {
    return encodeText(writeContent(key, client.name, id, before && decodeLoosely(before)));
  }

  const calls: { readonly [name: string]: (work: Work) => Promise<unknown> } = {
    async set(work) {
      const deed = begin(work, chance.pick(free(keys)), "set");
      await store.set(deed.key, value(deed), lifetime());
    },
    async delete(work) {
      const { key } = begin(work, chance.pick(free(keys)), "delete");
      await store.delete(key);
    },
    async update(work) {
      const deed = begin(work, chance.pick(free(keys)), "update");
      const decide = (found: Uint8Array | undefined): Uint8Array => {
        // It may be made again on another value.
        if (found) ledger.decided(client.name, deed.key, decodeLoosely(found));
        return value(deed, found);
      };
      await store.update(deed.key, decide, lifetime());
    },
    async increment(work) {
      const { key, bit } = begin(work, chance.pick(free(counters)), "add");
      await store.increment(key, 2 ** bit, lifetime());
    },
    async touch(work) {
      const { key } = begin(work, chance.pick(free(keys)), "touch");
      await store.touch(key, { ttl: chance.is(0.5) ? 50 + chance.below(4000) : (1 + chance.below(30)) * hour });
    },
    async transact(work) {
      const deeds = twoOf(free(registers)).map((key) => begin(work, key, "update"));
      await store.transact(
        deeds.map(({ key }) => key),
        (found) =>
          found.map((entry, index): NewEntry | undefined =>
            entry && index && chance.is(0.3) ? undefined : { value: value(deeds[index]!, entry?.value), ...lifetime() },
          ),
      );
    },
    async setMany(work) {
      const deeds = twoOf(free(keys)).map((key) => begin(work, key, "set"));
      await store.setMany(deeds.map((deed) => [deed.key, value(deed), lifetime()]));
    },
    async deleteMany(work) {
      const deeds = twoOf(free(keys)).map((key) => begin(work, key, "delete"));
      await store.deleteMany(deeds.map(({ key }) => key));
    },
    async clear(work) {
      const key = chance.pick(free(keys));
      // To list what is not known here would wait for the network.
      if (!client.recorder.isComplete()) return;
      begin(work, key, "delete");
      await store.clear({ prefix: key });
    },
    async discard() {
      // As a rule nobody gives up.
      if (chance.is(0.5)) return;
      await context.room.flusher.discard([chance.pick(free(keys))], { now });
    },
    sweep: () => store.sweep(),
    async read() {
      const key = chance.pick(among);
      const over = ledger.over(client.name, key);
      const check = await watchOver(client, ledger, [key]);
      const entry = await store.entry(key);
      await check(entry ? [key] : [], entry && decodeLoosely(entry.value));
      if (!entry) return;
      if (entry.expiresAt <= now()) ledger.fail(`${client.name} reads ${key} at or after its deadline`);
      ledger.seen(client.name, key, decodeLoosely(entry.value), now(), over);
    },
    async list() {
      if (!client.recorder.isComplete()) return;
      const check = await watchOver(client, ledger, keys);
      const found: string[] = [];
      for await (const key of store.keys()) found.push(key);
      await check(found);
    },
  };

  function twoOf(choices: readonly string[]): string[] {
    const first = chance.pick(choices);
    return [first, chance.pick(choices.filter((key) => key !== first))];
  }

  if (!free(counters)[0] || !free(registers)[0]) return;
  const single = Object.keys(calls).filter((name) => free(registers)[1] || !/transact|Many/.test(name));
  const name = which ?? chance.pick([...single, "set", "set", "increment", "increment", "update"]);
  context.run(name, calls[name]!);
}
