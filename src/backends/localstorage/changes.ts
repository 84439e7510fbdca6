import type { Observer } from "../../core/contract.ts";
import type { KeyChange } from "../../core/keyChange.ts";
import { createHub, createSharedHub, type Hub } from "../../core/hub.ts";
import { onPageEvents } from "../../core/onPageEvents.ts";
import { letExit } from "../../core/timers.ts";
import type { LastNumber } from "../../core/writeNumber.ts";
import type { TextStorage } from "./textStorage.ts";

/** A change as it goes between stores: with the key as it is in the Storage. */
export interface StorageChange extends KeyChange {
  /** The deadline of what was set. */
  readonly expiresAt?: number | undefined;
  /** The number behind it, 0 if there is none. */
  number: number;
}

/** The changes of a Storage: those that this store makes, and those that it hears of. */
export interface Changes {
  /** Begins to hear of the changes that other stores make in a Storage. */
  connect(storage: TextStorage): void;
  /** Notes a change that the next commit reports. */
  add(type: KeyChange["type"], key: string, expiresAt?: number): void;
  /** Reports what was added. */
  commit(): void;
  watch(observer: Observer): () => void;
  close(): void;
}

/** Who watches, and from where on. */
interface Watcher {
  readonly observer: Observer;
  /** What was written under this number or an earlier one was there before. */
  readonly since: number;
  /** Until when such changes may come late, by `performance.now`. */
  readonly until: number;
}

// Messages of before a watch come within so many ms, if at all. Later ones are new, whatever the clock was set to.
const latest = 1000;
// How far the clocks of two processes may be apart: ms.
const skew = 20;
// How often a store that is watched looks whether the page has emptied its Storage: ms. The page itself gets no event of that.
const lookInterval = 1000;

/**
 * Returns the changes of a Storage, which other contexts may share. What others wrote is reported when it is in sight.
 * `noted` gets each change that concerns the store, as soon as it is known. `missed` is called when there may be others.
 */
export function createChanges(
  number: LastNumber,
  prefix: string,
  isShared: boolean,
  noted: (key: string, expiresAt?: number) => void,
  missed: () => void,
): Changes {
  const watchers = new Set<Watcher>();
  const stops: (() => void)[] = [];
  let hub: Hub | undefined;
  let storage: TextStorage | undefined;
  let made: StorageChange[] = [];
  const heard: (readonly [change: StorageChange, by: readonly Watcher[]])[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  // An item that is there as far as is known, if no number is.
  let witness: string | undefined;

  function hear(change: StorageChange): void {
    if (isShared) number.hear(change.number);
    else if (change.type === "set") witness = change.key;
    else if (change.key === witness) witness = undefined;
    if (!change.key.startsWith(prefix)) return;
    noted(change.key.slice(prefix.length), change.expiresAt);
    const now = performance.now();
    const by = [...watchers].filter(({ since, until }) => !change.number || change.number > since || now > until);
    if (heard.push([change, by]) === 1) void reportHeard();
  }

  /** Reports what was heard, in its order: at once, or when it is in sight. */
  async function reportHeard(): Promise<void> {
    for (; heard[0]; heard.shift()) {
      const [change, by] = heard[0];
      if (change.number && !number.sees(change.number)) await number.inSight(change.number);
      const reported = { type: change.type, key: change.key.slice(prefix.length) };
      for (const watcher of by) if (watchers.has(watcher)) watcher.observer.changed(reported);
    }
  }

  function commit(): void {
    if (!made.length) return;
    const behind = isShared ? number.stamp() : 0;
    for (const change of made) change.number = behind;
    const changes = made;
    made = [];
    hub!.report(changes);
  }

  function resync(): void {
    missed();
    for (const { observer } of watchers) observer.resync();
  }

  /** Looks whether what was there is there. */
  function look(): void {
    try {
      if (isShared) number.look();
      else if (witness !== undefined && storage!.getItem(witness) === null) {
        witness = undefined;
        resync();
      }
    } catch {
      // Calls fail and say why.
    }
  }

  async function lookOn(): Promise<void> {
    look();
    // Fake timers that are run until none is left come to an end: the next one is not there yet.
    await undefined;
    if (watchers.size) lookLater();
  }

  function lookLater(): void {
    timer = setTimeout(() => void lookOn(), lookInterval);
    letExit(timer);
  }

  return {
    connect(found) {
      storage = found;
      const medium = mediumOf(found);
      hub = isShared ? createSharedHub("shelflife:localstorage") : medium.hub;
      medium.commits.add(commit);
      stops.push(
        hub.watch({ changed: hear, resync() {}, failed() {} }),
        () => void medium.commits.delete(commit),
        // What a page missed that was put aside whole, nobody reports on the way back to it.
        onPageEvents(["pageshow"], (event) => void ((event as PageTransitionEvent).persisted && resync())),
      );
      if (isShared) stops.push(number.onLost(resync));
    },
    add(type, key, expiresAt) {
      made.push({ type, key: prefix + key, expiresAt, number: 0 });
      noted(key, expiresAt);
    },
    commit,
    watch(observer) {
      // What was answered already, and is to be reported at the end of a slice, was there before.
      for (const commit of mediumOf(storage!).commits) commit();
      look();
      const since = isShared ? Math.max(number.seen(), Date.now() - skew) : 0;
      const watcher = { observer, since, until: performance.now() + latest };
      if (!watchers.size) lookLater();
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        if (!watchers.size) clearTimeout(timer);
      };
    },
    close() {
      for (const stop of stops) stop();
      if (isShared) hub?.close();
      watchers.clear();
      clearTimeout(timer);
    },
  };
}

/** What the stores of this context have in common that use one Storage. */
interface SharedMedium {
  /** Reaches those that use it, if no other context knows it. */
  readonly hub: Hub;
  /** Report what was done. */
  readonly commits: Set<() => void>;
}

const media = /* @__PURE__ */ new WeakMap<object, SharedMedium>();

function mediumOf(storage: object): SharedMedium {
  let medium = media.get(storage);
  if (!medium) media.set(storage, (medium = { hub: createHub(), commits: new Set() }));
  return medium;
}
