import type { Call } from "../core/contract.ts";
import { isStoreError } from "../core/error.ts";
import type { Link } from "../core/link.ts";
import { onPageEvents } from "../core/onPageEvents.ts";
import { letExit } from "../core/timers.ts";
import { outrun, type Puller } from "./pull.ts";
import { isOtherAccount, type Pusher } from "./push.ts";
import type { StatusKeeper } from "./status.ts";

// How soon something is tried again that did not work: ms, doubled each time up to the longest.
const soonest = 250;
const longest = 7000;
// How often it is looked whether something has changed, where the other side does not report it: ms.
const lookInterval = 4000;
// How long a context that does not lead leaves it to the one that does: ms.
const patience = 15_000;

/** Keeps the two sides in step. */
export interface Sync {
  /** Something waits, or has changed on the other side. */
  wake(why: "push" | "pull"): void;
  /** Takes over what has changed there. While another context is about that, it is left to that. */
  pull(call: Call): Promise<void>;
  /** Makes one round now: takes over what has changed there, and brings there what waits. */
  round(call: Call): Promise<void>;
  /** Brings there what waits. Resolves with whether all of it went. */
  push(call: Call): Promise<boolean>;
  /** Resolves when it is time to try again. */
  rest(signal: AbortSignal | undefined): Promise<void>;
  close(): Promise<void>;
}

export function createSync(
  { link, pusher, puller, status, name, now }: { link: Link; pusher: Pusher; puller: Puller; status: StatusKeeper; name: Promise<string>; now: () => number }, // prettier-ignore
): Sync {
  const ending = new AbortController();
  const { signal } = ending;
  const call: Call = { now, signal };
  let wants = { push: true, pull: true };
  let failures = 0;
  let woken: (() => void)[] = [];
  let pushing: Promise<boolean> | undefined;

  function wakeAll(): void {
    for (const wake of woken.splice(0)) wake();
  }

  function wake(why: "push" | "pull"): void {
    wants[why] = true;
    if (!failures) wakeAll();
  }

  /** Does something with the other side, and notes how that stands. */
  async function contact<R>(work: () => Promise<R>): Promise<R> {
    try {
      const result = await work();
      failures = 0;
      status.set({ online: true, blocked: undefined });
      return result;
    } catch (error) {
      if (error !== outrun && !signal.aborted) {
        failures++;
        const isBlocked = isStoreError(error, "unauthorized");
        const blocked = isOtherAccount(error) ? "other-account" : "unauthorized";
        status.set(isBlocked ? { online: true, blocked } : { online: false });
      }
      throw error;
    }
  }

  function push(call: Call): Promise<boolean> {
    const before = pushing;
    // One after the other: two at once would send the same.
    const mine = (async () => {
      await before?.catch(() => {});
      return contact(async () => {
        for (;;) {
          call.signal?.throwIfAborted();
          const pushed = await pusher.push(call);
          if (pushed !== "done") return pushed === "idle";
        }
      });
    })();
    pushing = mine;
    const forget = (): void => void (pushing === mine && (pushing = undefined));
    mine.then(forget, forget);
    return mine;
  }

  async function pull(call: Call): Promise<void> {
    await contact(() => puller.pull(call)).catch((error) => {
      if (error !== outrun) throw error;
      // Another context is about it.
      return nap(soonest, call.signal);
    });
    status.set({ complete: !!link.list });
  }

  async function round(call: Call): Promise<void> {
    await pull(call);
    if (await push(call)) status.set({ lastSynced: now() });
  }

  function rest(also?: AbortSignal): Promise<void> {
    const { promise, wake } = wakeable();
    const delay = Math.min(soonest * 2 ** failures, longest);
    return Promise.race([promise, nap(delay, also)]).finally(wake);
  }

  function wakeable(): { promise: Promise<void>; wake: () => void } {
    let wake!: () => void;
    const promise = new Promise<void>((resolve) => (wake = resolve));
    woken.push(wake);
    return { promise, wake };
  }

  /** Follows the other side, and notes when something has changed there. Rejects where that cannot be followed. */
  async function follow(signal: AbortSignal): Promise<void> {
    for await (const _ of link.store.watch({ signal, unref: true })) wake("pull");
  }

  /** Keeps the two sides in step until it is to end. */
  async function lead(until: AbortSignal): Promise<void> {
    const call: Call = { now, signal: until };
    let isFollowed = true;
    follow(until).catch(() => (isFollowed = false));
    while (!until.aborted) {
      const wanted = wants;
      wants = { push: false, pull: false };
      try {
        if (wanted.pull || !isFollowed) await pull(call);
        if (!(await push(call))) failures++;
        else status.set({ lastSynced: now() });
      } catch {
        wants = { push: true, pull: wants.pull || wanted.pull };
      }
      if (until.aborted) return;
      if (!failures && (wants.push || wants.pull)) continue;
      const { promise, wake } = wakeable();
      const delay = failures ? Math.min(soonest * 2 ** failures, longest) : isFollowed ? undefined : lookInterval;
      const stop = new AbortController();
      const end = (): void => stop.abort();
      until.addEventListener("abort", end);
      await (delay === undefined
        ? Promise.race([promise, aborted(until)])
        : Promise.race([promise, nap(delay, stop.signal)]));
      until.removeEventListener("abort", end);
      stop.abort();
      wake();
    }
  }

  /** Leads when no other context does, and again when this one is shown after it was put away. */
  async function takePart(): Promise<void> {
    const locks = (globalThis.navigator as Navigator | undefined)?.locks;
    const lock = `shelflife-offline-${await name}`;
    while (!signal.aborted) {
      const turn = new AbortController();
      const end = (): void => turn.abort();
      signal.addEventListener("abort", end);
      const stop = onPageEvents(["pagehide", "freeze"], end);
      try {
        // While it waits, the one that leads may have been put away with the lock.
        if (locks) void guard(turn.signal);
        await (locks ? locks.request(lock, { signal: turn.signal }, () => lead(turn.signal)) : lead(turn.signal));
      } catch {
        // It was put away while it waited.
      }
      stop();
      signal.removeEventListener("abort", end);
      if (!signal.aborted) await shown(signal);
    }
  }

  /** Pushes all the same when nobody seems to. */
  async function guard(until: AbortSignal): Promise<void> {
    for (;;) {
      await nap(patience, until);
      if (until.aborted) return;
      if (wants.push && status.get().pending) {
        wants.push = false;
        await push(call).catch(() => (wants.push = true));
      }
    }
  }

  const hurry = (): void => {
    failures = 0;
    wants = { push: true, pull: true };
    wakeAll();
  };
  const stopEvents = onPageEvents(["online", "visibilitychange", "pageshow", "resume"], hurry);
  const taking = status.ready.then(takePart);

  return {
    wake,
    pull,
    round,
    push,
    rest,
    async close() {
      stopEvents();
      ending.abort();
      wakeAll();
      await Promise.allSettled([taking, pushing]);
    },
  };
}

/** Waits, half to one and a half times as long, so that those who failed together do not return together. */
function nap(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms * (0.5 + Math.random()));
    letExit(timer);
    signal?.addEventListener("abort", done);
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function shown(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      resolve();
    };
    const stop = onPageEvents(["pageshow", "resume"], done);
    signal.addEventListener("abort", done, { once: true });
  });
}
