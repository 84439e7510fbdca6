import { contend, outrun } from "../core/contend.ts";
import type { Call, Entry, Store } from "../core/contract.ts";
import { isStoreError } from "../core/error.ts";
import { FORGOTTEN, type Link, type Operation, type Outcome, type Push, type Remote } from "../core/link.ts";
import { readerOf } from "../core/readerOf.ts";
import { removeIf } from "../core/removeIf.ts";
import { isPast, toBytes } from "../core/value.ts";

type Found = Entry & { readonly key: string; readonly tag: string };

/** Does what a link does by the calls of any store, which nothing parts from this side but that its calls may fail. */
export function plainLink(store: Store, word: () => string): Link {
  // The last push under the name that was given last: whoever asks for another name has no use for this one.
  let last: (Omit<Push, "operations"> & { outcomes: Promise<readonly Outcome[]> }) | undefined;
  const log = createLog(store, word());

  async function tagOf(value: Uint8Array): Promise<string> {
    const digest = await crypto.subtle.digest("SHA-256", value as Uint8Array<ArrayBuffer>);
    return btoa(String.fromCharCode(...new Uint8Array(digest)));
  }

  const find = async (key: string, call: Call): Promise<Found | undefined> => (await findAll([key], call))[0];

  /** Reads entries, in one step where the medium of the store has that. */
  async function findAll(keys: readonly string[], { now, signal }: Call): Promise<(Found | undefined)[]> {
    const entries = (await readerOf(store)?.(keys, { signal })) ?? keys.map((key) => store.entry(key, { signal }));
    return Promise.all(
      keys.map(async (key, index) => {
        const entry = await entries[index];
        if (!entry || isPast(entry, now)) return undefined;
        // What was read together is only lent.
        const value = toBytes(entry.value).slice();
        return { ...entry, key, value, tag: await tagOf(value) };
      }),
    );
  }

  async function write(
    { key, value, tag, expiresAt }: Extract<Operation, { kind: "write" }>,
    call: Call,
  ): Promise<Outcome> {
    return contend(key, async () => {
      const found = await find(key, call);
      if (found?.tag !== tag) return { isDone: false, now: found };
      try {
        const isDone = value
          ? await store.compareAndSet(key, found?.value, value, { expiresAt })
          : !found || (await removeIf(store, key, found.value));
        if (!isDone) return outrun;
      } catch (error) {
        // What cannot compare is written all the same.
        if (!isStoreError(error, "unsupported")) throw error;
        if (value) await store.set(key, value, { expiresAt });
        else await store.deleteMany([key]);
      }
      return { isDone: true, now: value && { expiresAt, tag: await tagOf(value) } };
    });
  }

  /** Adds to a number. What was asked of a store that answers, and got no answer, may have been done. */
  async function plus({ key, by, expiresAt }: Extract<Operation, { kind: "add" }>): Promise<Outcome> {
    const unknown = { expiresAt, tag: "" };
    await store.has(key);
    try {
      await store.increment(key, by, { expiresAt });
      return { isDone: true, now: unknown };
    } catch (error) {
      if (!isStoreError(error, "unavailable")) throw error;
      return { isDone: false, isUncertain: true, now: unknown };
    }
  }

  async function run(operation: Operation, call: Call): Promise<Outcome> {
    const { key } = operation;
    try {
      if (operation.kind === "write") return await write(operation, call);
      const { expiresAt } = operation;
      if (operation.kind === "add") return await plus(operation);
      if (!(await store.touch(key, { expiresAt }))) return { isDone: false };
      return { isDone: true, now: await find(key, call) };
    } catch (error) {
      if (!isStoreError(error)) throw error;
      return { isDone: false, error };
    }
  }

  async function runAll({ operations }: Push, call: Call): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    // Whoever asked may leave; what was begun is done.
    for (const operation of operations) outcomes.push(await run(operation, { now: call.now }));
    return outcomes;
  }

  return {
    store,
    close: log.close,
    async greet({ now }) {
      const name = word();
      last = { name, sequence: 0, nonce: "", outcomes: Promise.resolve([]) };
      return { name, scope: "", time: now(), maxBytes: 67_108_864, maxItems: 10_000 };
    },
    // Each start of a program is another name, which is asked for before anything goes.
    knows: (name) => last?.name === name,
    async push(push, call) {
      const { name, sequence, nonce } = push;
      if (last?.name !== name) return FORGOTTEN;
      if (last.sequence === sequence && last.nonce === nonce) return last.outcomes;
      if (last.sequence !== sequence - 1) return FORGOTTEN;
      const outcomes = runAll(push, call);
      outcomes.catch(() => {});
      last = { name, sequence, nonce, outcomes };
      return outcomes;
    },
    changes: async (after, { now }) => ({ ...(await log.since(after)), time: now() }),
    async list({ limit, cursor }, { signal, now }) {
      const page = await store.list({ limit, cursor, signal });
      const keys = page.entries.map(({ key }) => key);
      return { ...page, entries: (await findAll(keys, { now })).flatMap((entry) => entry ?? []) };
    },
    async read(wanted, call) {
      const keys = wanted.map(([key]) => key);
      return (await findAll(keys, call)).map((entry, index): Remote | undefined => {
        if (!entry) return undefined;
        const [, tag, most = Infinity] = wanted[index]!;
        const { value, ...rest } = entry;
        if (rest.tag === tag) return rest;
        return value.length > most ? { ...rest, size: value.length } : entry;
      });
    },
  };
}

// How many changes are remembered.
const mostChanges = 10_000;

/** The keys that changed in a store, for as long as it can be followed. */
interface Log {
  since(bookmark: string | undefined): Promise<{ keys?: readonly string[]; bookmark: string | undefined }>;
  close(): void;
}

/** Returns what notes the keys that change in a store, from when it is first asked on. */
function createLog(store: Store, name: string): Log {
  let keys: string[] = [];
  let start = 0;
  let following: Promise<boolean> | undefined;
  let stop = (): void => {};

  function forget(): void {
    // One more than there were, so that no bookmark from before is known.
    start += keys.length + 1;
    keys = [];
  }

  /** Resolves, once all that changes from now on is noted, with whether it is. */
  async function begin(): Promise<boolean> {
    const changes = store.watch({ unref: true });
    stop = () => void changes.return!().catch(() => {});
    let isFollowed = true;
    const follow = async (): Promise<void> => {
      for await (const change of changes) {
        if (change.type === "resync") forget();
        // What expires there expires here.
        else if (change.type !== "expire") keys.push(change.key);
        if (keys.length > 2 * mostChanges) start += keys.splice(0, mostChanges).length;
      }
    };
    const over = (): void => {
      isFollowed = false;
      following = undefined;
      forget();
    };
    follow().then(over, over);
    await store.findMany([]);
    await new Promise((resolve) => setTimeout(resolve));
    return isFollowed;
  }

  return {
    async since(bookmark) {
      if (!(await (following ??= begin()))) return { bookmark: undefined };
      // What was done before this was asked for has been reported, and is read by now.
      await new Promise((resolve) => setTimeout(resolve));
      const at = Number(bookmark?.split(`${name} `)[1]) - start;
      const isKnown = at >= 0 && at <= keys.length;
      return { bookmark: `${name} ${start + keys.length}`, keys: isKnown ? [...new Set(keys.slice(at))] : undefined };
    },
    close: () => stop(),
  };
}
