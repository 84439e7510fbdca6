import type { Observer } from "../../core/contract.ts";
import type { KeyChange } from "../../core/keyChange.ts";
import { createHub, createSharedHub, type Hub } from "../../core/hub.ts";
import type { LastNumber } from "./number.ts";

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
  connect(storage: object): void;
  /** Notes a change that the next commit reports. */
  add(type: KeyChange["type"], key: string, expiresAt?: number): void;
  /** Reports what was added. */
  commit(): void;
  watch(observer: Observer): () => void;
  close(): void;
}

/**
 * Returns the changes of a Storage, which other contexts may share. What others wrote is reported when it is in sight.
 * `noted` gets each change that concerns the store, as soon as it is known.
 */
export function createChanges(
  number: LastNumber,
  prefix: string,
  isShared: boolean,
  noted: (key: string, expiresAt?: number) => void,
): Changes {
  const watchers = createHub();
  let hub: Hub | undefined;
  let disconnect = (): void => {};
  let made: StorageChange[] = [];
  const heard: StorageChange[] = [];

  function hear(change: StorageChange): void {
    number.hear(change.number);
    if (!change.key.startsWith(prefix)) return;
    noted(change.key.slice(prefix.length), change.expiresAt);
    if (heard.push(change) === 1) void reportHeard();
  }

  /** Reports what was heard, in its order: at once, or when it is in sight. */
  async function reportHeard(): Promise<void> {
    for (; heard[0]; heard.shift()) {
      const change = heard[0];
      if (!number.sees(change.number)) await number.inSight(change.number);
      watchers.report([{ type: change.type, key: change.key.slice(prefix.length) }]);
    }
  }

  return {
    connect(storage) {
      hub = isShared ? createSharedHub("shelflife:localstorage") : hubOf(storage);
      disconnect = hub.watch({ changed: hear, resync: watchers.resync, failed() {} });
    },
    add(type, key, expiresAt) {
      made.push({ type, key: prefix + key, expiresAt, number: 0 });
      noted(key, expiresAt);
    },
    commit() {
      if (!made.length) return;
      const behind = isShared ? number.stamp() : 0;
      for (const change of made) change.number = behind;
      hub!.report(made);
      made = [];
    },
    watch: watchers.watch,
    close() {
      disconnect();
      if (isShared) hub?.close();
      watchers.close();
    },
  };
}

const hubs = /* @__PURE__ */ new WeakMap<object, Hub>();

/** The one hub of a Storage that no other context knows. */
function hubOf(storage: object): Hub {
  let hub = hubs.get(storage);
  if (!hub) hubs.set(storage, (hub = createHub()));
  return hub;
}
