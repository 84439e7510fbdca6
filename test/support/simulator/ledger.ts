import { createBurials, type Burials } from "./burials.ts";
import { counters, isMadeOf } from "./content.ts";
import { createBook, type Book, type Deed } from "./deeds.ts";

/** Knows all that was done, and finds out what should not be. */
export interface Ledger extends Book {
  readonly violations: string[];
  fail(text: string): void;
  /** What a client did is committed there. */
  committed(deed: Deed, before: string | undefined, after: string | undefined): void;
  /** A client has given a deadline to what it has of a key, by its clock. */
  ends(client: string, key: string, text: string, expiresAt: number): void;
  /** What is over for a client, and must not come back. */
  over(client: string, key: string): ReadonlySet<number>;
  /** What a client was to see of a key at some moment. */
  seen(client: string, key: string, text: string | undefined, now: number, over?: ReadonlySet<number>): void;
  /** What a client knows, or shows. */
  knows(client: string, key: string, text: string): void;
  /** A client has made a decision on a value. */
  decided(client: string, key: string, text: string): void;
  reported(client: string, key: string, report: Reported): void;
  /** A client has given up what it had done to a key, as far as that has not come to the server. */
  discarded(client: string, key: string): void;
  /** The server has done something. */
  applied(client: string, key: string, text: string | undefined, by: number | undefined, over?: string): void;
  /** How often each was applied, which a backup of the server is of. */
  save(): { readonly counts: ReadonlyMap<number, number>; readonly last: ReadonlyMap<string, number> };
  /** The server may have forgotten what it did, or was cut off in the midst of it. */
  forgot(): void;
  /** The server has gone back to a backup, in which there were some values. */
  restored(saved: ReturnType<Ledger["save"]>, values: ReadonlyMap<string, { readonly text: string }>): void;
  /** Compares what became of everything with what should have. `find` reads what the server has in the end. */
  check(find: (key: string) => string | undefined, latest: (client: string) => number): void;
}

export interface Reported {
  readonly kind: string;
  readonly mine?: string | undefined;
  readonly theirs?: string | undefined;
}

export function createLedger(say: (text: string) => void): Ledger {
  const violations: string[] = [];
  let counts = new Map<number, number>();
  const everApplied = new Set<number>();
  const reportedIds = new Set<number>();
  // The last deed of a client that was applied to a key.
  let last = new Map<string, number>();
  // What a client knows of a key.
  const known = new Map<string, Set<string>>();
  // What was overwritten: by which deed, and the text.
  const overwritten: { readonly id: number; readonly text: string }[] = [];
  // What a client knows to be overwritten, or has made something of.
  const overReports = new Set<string>();
  // What was in values on which a client has made a decision. Of numbers they are more than the server has.
  const seenIds = new Set<string>();
  let orders = 0;
  let mayForget = false;

  function fail(text: string): void {
    violations.push(text);
    say(`VIOLATION ${text}`);
  }

  const book = createBook(fail);
  const { deeds, idsIn } = book;
  const burials = createBurials(book, (id) => everApplied.has(id));

  return {
    ...book,
    violations,
    fail,
    committed(deed, before, after) {
      if (deed.order !== undefined) fail(`${deed.kind} ${deed.id} is committed twice`);
      deed.order = ++orders;
      const name = `${deed.client} ${deed.key}`;
      deed.known = new Set(known.get(name)).add(before ?? "");
      if (after === undefined && deed.kind === "update") deed.kind = "delete";
      const rest = idsIn(deed.key, after);
      deed.saw = idsIn(deed.key, before).filter((id) => !rest.includes(id));
      if (deed.kind !== "add" && deed.kind !== "touch") burials.bury(deed);
    },
    ends(client, key, text, expiresAt) {
      for (const id of idsIn(key, text)) {
        const deed = deeds.get(id)!;
        if (deed.client === client) deed.expiresAt = Math.min(deed.expiresAt, expiresAt);
      }
    },
    over: (client, key) => new Set(burials.of(client, key)),
    seen(client, key, text, now, over) {
      const ids = idsIn(key, text);
      // What somebody has added to is another value. What has ended here lives on there for as long as it took to come there.
      const isBack = (id: number): boolean =>
        burials.isOver(client, key, id) && over?.has(id) !== false && deeds.get(id)!.expiresAt > now;
      if (ids[0] && ids.every(isBack)) fail(`${client} sees ${key} ${text} again, which was over`);
    },
    knows: (client, key, text) => void known.set(`${client} ${key}`, new Set(known.get(`${client} ${key}`)).add(text)),
    decided(client, key, text) {
      overReports.add(`${client} ${key} ${text}`);
      for (const id of idsIn(key, text)) seenIds.add(`${client} ${id}`);
    },
    reported(client, key, { kind, mine, theirs }) {
      // One that is too large and ends is too large no more, whatever was said of it.
      const isStill = [...book.tooLarge].every((id) => deeds.get(id)!.expiresAt === Infinity);
      if (kind === "uncertain" && !mayForget && isStill)
        fail(`${client} is not certain of ${key}, which nobody has forgotten`);
      if (theirs !== undefined) overReports.add(`${client} ${key} ${theirs}`);
      if (kind === "overwrote") return;
      const ids = mine === undefined ? undefined : idsIn(key, mine);
      for (const deed of deeds.values()) {
        const isMine = deed.client === client && deed.key === key && deed.kind !== "add";
        if (!(ids?.includes(deed.id) ?? isMine)) continue;
        reportedIds.add(deed.id);
        burials.lift(deed);
      }
    },
    discarded(client, key) {
      burials.liftAll(client, key);
      for (const { id, order, ...deed } of deeds.values())
        if (deed.client === client && deed.key === key && order) reportedIds.add(id);
    },
    applied(client, key, text, by, over) {
      // A sum has what was there already in it.
      const there = counters.includes(key) ? idsIn(key, over) : [];
      const ids = idsIn(key, text ?? (by === undefined ? undefined : `${by}`)).filter((id) => !there.includes(id));
      for (const id of ids) {
        const { order, client: author, kind } = deeds.get(id)!;
        counts.set(id, (counts.get(id) ?? 0) + 1);
        burials.applied(id);
        everApplied.add(id);
        if (order === undefined) fail(`${id} is applied, and was not committed`);
        if (counts.get(id)! > 1) fail(`${id} is applied twice`);
        if (author !== client) fail(`${id} of ${author} is applied by ${client}`);
        // What was merged says of what.
        if (over !== undefined && /set|update/.test(kind) && !isMadeOf(text, over))
          overwritten.push({ id, text: over });
      }
      const name = `${client} ${key}`;
      const orders = ids.map((id) => deeds.get(id)!.order ?? 0);
      if (Math.min(...orders) <= (last.get(name) ?? 0)) fail(`${ids.join()} of ${name} is applied after later ones`);
      if (orders[0]) last.set(name, Math.max(...orders));
    },
    save: () => ({ counts: new Map(counts), last: new Map(last) }),
    forgot: () => void (mayForget = true),
    restored(saved, values) {
      const there = [...values].flatMap(([key, { text }]) => idsIn(key, text));
      burials.restored(
        [...counts.keys()].filter((id) => !saved.counts.has(id)),
        there,
      );
      counts = new Map(saved.counts);
      last = new Map(saved.last);
    },
    check: (find, latest) =>
      checkAll(
        { deeds, everApplied, reportedIds, burials, overwritten, overReports, seenIds, idsIn, fail },
        find,
        latest,
      ),
  };
}

interface Accounts {
  readonly deeds: ReadonlyMap<number, Deed>;
  readonly everApplied: ReadonlySet<number>;
  readonly reportedIds: ReadonlySet<number>;
  readonly burials: Burials;
  readonly overwritten: readonly { readonly id: number; readonly text: string }[];
  readonly overReports: ReadonlySet<string>;
  readonly seenIds: ReadonlySet<string>;
  readonly idsIn: Book["idsIn"];
  fail(text: string): void;
}

/** Compares what became of everything with what should have. */
function checkAll(
  { deeds, everApplied, reportedIds, burials, overwritten, overReports, seenIds, idsIn, fail }: Accounts,
  find: (key: string) => string | undefined,
  latest: (client: string) => number,
): void {
  /** Whether the same client has done something to the key since that stands for it, too. */
  function isMoot({ client, key, order, kind }: Deed): boolean {
    const moot = kind === "delete" ? /set|update|delete|add/ : /set|update|delete/;
    return [...deeds.values()].some(
      (later) => later.client === client && later.key === key && later.order! > order! && moot.test(later.kind),
    );
  }

  for (const deed of deeds.values()) {
    const { id, client, key, kind, order, isAcknowledged, saw, expiresAt } = deed;
    const what = `${kind} ${id} of ${key} by ${client}`;
    if (!isAcknowledged || kind === "touch") continue;
    if (order === undefined) {
      if (kind === "set" || kind === "add") fail(`${what} is acknowledged, and was not committed`);
      continue;
    }
    if (reportedIds.has(id) || isMoot(deed)) continue;
    if (kind === "delete") {
      const there = idsIn(key, find(key));
      if (saw.some((id) => burials.isOver(client, key, id) && there.includes(id))) fail(`${what} is lost`);
    } else if (!everApplied.has(id) && expiresAt > latest(client)) fail(`${what} is lost`);
  }
  for (const { id, text } of overwritten) {
    const { client, key, known } = deeds.get(id)!;
    const ids = idsIn(key, text);
    if (ids.every((id) => deeds.get(id)!.client === client)) continue;
    if (counters.includes(key) && ids.every((id) => seenIds.has(`${client} ${id}`))) continue;
    if (!known.has(text) && !reportedIds.has(id) && !overReports.has(`${client} ${key} ${text}`))
      fail(`${id} of ${client} overwrote ${key} ${text}, which is not reported`);
  }
}
