import {
  UNCHANGED,
  type Call,
  type CompleteBackend,
  type Decision,
  type ManyDecision,
  type Store,
} from "../core/contract.ts";
import { contend, outrun } from "../core/contend.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { lendBy } from "../core/lending.ts";
import { createPending } from "../core/pending.ts";
import type { Factory } from "../core/registry.ts";
import { createTurns, takeTurns } from "../core/turns.ts";
import { findPage, readCount, readNothing, readWhether } from "./client/answers.ts";
import { createBatcher, isRefused } from "./client/batcher.ts";
import { followChanges } from "./client/follow.ts";
import { checkRemoteOptions, type RemoteOptions } from "./client/options.ts";
import { inParts } from "./client/parts.ts";
import { promptly } from "./client/readStream.ts";
import type { Details, Target } from "./client/request.ts";
import { createSend } from "./client/send.ts";
import { readEntries, readResults, writeCalls, writeItems, writeSteps, type Tagged } from "./wire/batch.ts";
import { readPolled } from "./wire/events.ts";
import { frame } from "./wire/frame.ts";
import { lastHeader } from "./wire/headers.ts";
import { readPage } from "./wire/page.ts";
import { keep } from "./wire/ttl.ts";

export type { RemoteOptions };

declare module "../core/registry.ts" {
  interface Backends {
    http: RemoteOptions;
  }
}

/**
 * Returns the store that a handler serves at a URL. Calls made at once travel as one request, and are answered each for
 * itself. One that gets no answer of a handler (none in time, one cut short, a stranger's) is repeated, after as long
 * as the answer asks for, under a name by which a handler applies it once; in the end it rejects `unavailable`, and its
 * message says why as far as the platform knows. A 401 or 403 of somebody before the handler, a gateway, is
 * `unauthorized`. An atomic call that others keep outrunning rejects `conflict`, and so does one whose outcome the
 * handler does not know.
 *
 * A watch outlives its connection, however long that is lost, and goes on where it was. It yields `resync` where the
 * handler no longer knows what came since, and each 45 s as long as it hears nothing: a connection may be dead without
 * a sign of it. So a change is reported, or `resync`, at most 45 s after it was made, while the process runs; up to 15
 * s after a machine wakes. Once begun, a watch rejects only when the handler refuses it. Throws `bad-config`.
 *
 * @example Reads what a handler serves.
 * ```ts
 * import { json, memory, remote } from "shelflife";
 * import { handler } from "shelflife/http/handler";
 *
 * const answer = handler(memory(), { base: "/store" }); // asked without a network
 * const fetch = (url: string, init: RequestInit) => answer(new Request(url, init));
 * const settings = json<string>(remote({ url: "https://app.example/store", fetch }));
 * await settings.set("theme", "dark", { ttl: 60_000 });
 * console.log(await settings.get("theme")); // dark
 * await settings.close();
 * ```
 */
export function remote(options: RemoteOptions): Store {
  return remoteFactory.build(remoteFactory.valid(options)) as Store;
}

/**
 * The factory of {@link remote}, which a registry opens by a name.
 *
 * @example Adds the remote to a registry of your own.
 * ```ts
 * import { createRegistry, remoteFactory } from "shelflife";
 *
 * const registry = createRegistry({ http: remoteFactory });
 * console.log(registry.methods()); // [ 'http' ]
 * ```
 */
export const remoteFactory: Factory<RemoteOptions> = {
  valid: checkRemoteOptions,
  build: remoteStore,
};

function remoteStore(options: RemoteOptions): Store {
  const send = createSend(options);
  const { track, settled } = createPending();
  // Those in this process wait for one another rather than contend.
  const takeTurn = createTurns();

  const ask = <R>(call: Call, target: Target, details: Details<R>): Promise<R> => track(send([call], target, details));

  const make = createBatcher(
    (calls) =>
      send(
        calls.map(({ call }) => call),
        "POST batch",
        {
          body: (start) => writeCalls(calls, start),
          isRead: calls.every(({ line: [name] }) => /^(ge|ha)/.test(name)),
          isSafe: calls.every(({ line: [name] }) => /^(.et|has)/.test(name)),
          read: (bytes, start) => readResults(bytes, start, calls),
        },
      ),
    track,
  );

  async function change(key: string, decide: Decision, call: Call): Promise<void | typeof outrun> {
    const old = await make<Tagged | undefined>(call, ["getTagged", key]);
    const next = decide(old);
    if (next === UNCHANGED || !(next || old)) return;
    const values = next ? [next.value] : [];
    const line = ["swap", key, next?.value.length ?? null, old?.tag ?? null] as const;
    const expiresAt = old && next?.expiresAt === old.expiresAt ? keep : (next?.expiresAt ?? Infinity);
    if (!(await make(call, line, expiresAt, ...values))) return outrun;
  }

  /** Reads entries as they are together. */
  const findTogether = (
    name: "find" | "findTagged",
    keys: readonly string[],
    call: Call,
  ): Promise<(Tagged | undefined)[]> =>
    ask(call, "POST batch", {
      body: () => frame({ [name]: keys }),
      isRead: true,
      read: (bytes, start) => readEntries(bytes, start, keys.length, name),
    });

  async function changeMany(keys: readonly string[], decide: ManyDecision, call: Call): Promise<void | typeof outrun> {
    const before = await findTogether("findTagged", keys, call);
    const after = decide(before);
    if (after.every((next, index) => next === UNCHANGED || !(next || before[index]))) return;
    const body = (start: number): Uint8Array<ArrayBuffer> => writeSteps(keys, before, after, start);
    if (!(await ask(call, "POST batch", { body, read: readWhether }))) return outrun;
  }

  const backend: CompleteBackend = {
    ownExpiry: true,
    returnsCopies: true,
    isPersistent: () => true,
    get: (key, call) => make(call, ["get", key]),
    set: async (key, { value, expiresAt }, call) =>
      void (await make(call, ["set", key, value.length], expiresAt, value)),
    delete: (key, call) => make(call, ["delete", key]),
    mutate: (key, decide, call) => track(takeTurn(key, () => contend(key, () => change(key, decide, call)))),
    mutateMany: (keys, decide, call) =>
      track(takeTurns(takeTurn, keys, () => contend(keys[0]!, () => changeMany(keys, decide, call)))),
    head: (key, call) => make(call, ["has", key]),
    async getMany(keys, call) {
      try {
        if (keys[1] !== undefined) return await findTogether("find", keys, call);
      } catch (error) {
        // What does not fit into one answer, or is more than the handler takes at once, is asked for key by key.
        if (!isRefused(error)) throw error;
      }
      return Promise.all(keys.map((key) => make(call, ["get", key])));
    },
    setMany: (items, call) =>
      ask(call, "POST batch", { body: (start) => writeItems(items, start), isSafe: true, read: readNothing }),
    deleteMany: (all, call) =>
      track(
        inParts(all, (keys) =>
          ask(call, "POST batch", {
            body: () => frame({ delete: keys }),
            read: (bytes) => readCount(bytes, keys.length),
          }),
        ),
      ),
    list: (options, call) =>
      findPage(options, call.now, (parameters) =>
        ask(call, "GET entries", { parameters, read: (bytes, start) => readPage(bytes, start, parameters) }),
      ),
    clear: (parameters, call) => ask(call, "DELETE entries", { parameters, read: readNothing }),
    sweep: (call) => ask(call, "POST sweep", { read: (bytes) => readCount(bytes) }),
    sweepWithin: (parameters, call) => ask(call, "POST sweep", { parameters, read: (bytes) => readCount(bytes) }),
    watch: (options, observer, call) =>
      followChanges(
        (after: string | undefined, signal: AbortSignal, accept?: string) =>
          send<any>([{ ...call, signal }], "GET changes", {
            parameters: { ...options, after },
            ...(accept
              ? { headers: { accept }, read: readPolled }
              : {
                  read: (body, _, headers) => ({ body, last: headers.get(lastHeader) ?? undefined }),
                  timeout: promptly,
                }),
          }),
        observer,
        call.signal,
      ),
    close: settled,
    take: async (key, call) => (await make(call, ["take", key]))?.value,
    increment: (key, by, expiresAt, call) => make(call, ["increment", key, by], expiresAt),
    touch: (key, expiresAt, call) => make(call, ["touch", key], expiresAt),
  };
  const store = createCompleteStore(backend, options);
  lendBy(store, "entries", { ask, prefix: "" });
  return store;
}
