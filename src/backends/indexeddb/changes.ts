import type { Observer } from "../../core/contract.ts";
import { createSharedHub } from "../../core/hub.ts";
import type { KeyChange } from "../../core/keyChange.ts";
import { onPageEvents } from "../../core/onPageEvents.ts";
import { createAnnouncer } from "../../core/announce.ts";

/** The changes of a database, as one store reports and hears of them. */
export interface Changes {
  /** Reports what a transaction of this store has committed, with the mark that it left. */
  report(changes: readonly KeyChange[], mark: number): void;
  /**
   * Begins to hear of what others change from now on. What this store changes is reported from `begin` on. Where the last
   * mark is read as of now, `calledAt` is `Infinity`: it alone says what came before.
   */
  watch(observer: Observer, calledAt?: number): Watch;
  /** Reports to this store's watches that changes may have been missed. */
  resync(): void;
  close(): void;
}

/** A watch of one store. */
export interface Watch {
  /** Begins, when all is done that was asked of the store before the watch. `last` is the last mark then. */
  begin(last: number): void;
  stop(): void;
}

/** A change as other contexts hear of it: with the mark of its transaction, and when that was committed. */
interface Message extends KeyChange {
  readonly mark: number;
  readonly at: number;
}

interface Listener {
  changed(this: void, change: KeyChange, store: Changes): void;
  heard(this: void, message: Message): void;
  resync(this: void, store?: Changes): void;
}

/** The stores of this page or worker on one database, which hear of each other at once and of other contexts by messages. */
interface Page {
  readonly listeners: Set<Listener>;
  readonly stores: Set<Changes>;
  report(messages: readonly Message[]): void;
  close(): void;
}

// How long changes wait for more, to be reported to other contexts together: ms.
const reportDelay = 10;
const pages = new Map<string, Page>();

function openPage(database: string): Page {
  const hub = createSharedHub(`shelflife:${database}`);
  const listeners = new Set<Listener>();
  let isOwn = false;
  const announcer = createAnnouncer<Message>(
    (messages) => {
      isOwn = true;
      hub.report(messages);
      isOwn = false;
    },
    reportDelay,
    () => globalThis.document?.hidden,
  );
  hub.watch({
    changed(message) {
      if (!isOwn) for (const { heard } of listeners) heard(message as Message);
    },
  } as Observer);
  // What a page misses while it is kept for the way back, nobody reports.
  const stopListening = onPageEvents(["pageshow"], (event) => {
    if ((event as PageTransitionEvent).persisted) for (const { resync } of listeners) resync();
  });
  const page: Page = {
    listeners,
    stores: new Set(),
    report: announcer.report,
    close() {
      pages.delete(database);
      stopListening();
      announcer.close();
      hub.close();
    },
  };
  pages.set(database, page);
  return page;
}

/** Returns the changes of a database for one store. `heard` is called when another context has changed what it watches. */
export function createChanges(database: string, heard: () => void): Changes {
  let page: Page | undefined;

  function join(): Page {
    page ??= pages.get(database) ?? openPage(database);
    page.stores.add(store);
    return page;
  }

  const store: Changes = {
    report(changes, mark) {
      const { listeners, report } = join();
      const at = Date.now();
      for (const { type, key } of changes) for (const { changed } of listeners) changed({ type, key }, store);
      report(changes.map(({ type, key }) => ({ type, key, mark, at })));
    },
    watch(observer, calledAt = Date.now()) {
      const { listeners } = join();
      let last: number;
      // Until it begins.
      let held: Message[] | undefined = [];
      const listener: Listener = {
        changed(change, from) {
          if (!held || from !== store) observer.changed(change);
        },
        heard(message) {
          const { type, key, mark, at } = message;
          if (held) held.push(message);
          // What was committed before the mark was read was so before the call, unless the database was opened in between. A
          // message of an earlier version has neither.
          else if (!(mark <= last && at < calledAt)) observer.changed({ type, key });
          heard();
        },
        resync(from = store) {
          if (from !== store) return;
          // Those of another database begin anew.
          last = -1;
          observer.resync();
        },
      };
      listeners.add(listener);
      return {
        begin(mark) {
          last = mark;
          const messages = held!;
          held = undefined;
          messages.forEach(listener.heard);
        },
        stop: () => void listeners.delete(listener),
      };
    },
    resync() {
      for (const { resync } of page?.listeners ?? []) resync(store);
    },
    close() {
      page?.stores.delete(store);
      if (!page?.stores.size) page?.close();
      page = undefined;
    },
  };
  return store;
}
