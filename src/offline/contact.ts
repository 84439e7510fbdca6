import type { Call } from "../core/contract.ts";
import { isStoreError } from "../core/error.ts";
import { pause } from "../core/pause.ts";
import { isOtherAccount } from "./identity.ts";
import { nap, wakeAll, type Sleepers } from "./nap.ts";
import { outrun, pull, type Progress } from "./pull.ts";
import { push } from "./push.ts";
import { progressRow } from "./names.ts";
import type { Side } from "./side.ts";
import type { StatusKeeper } from "./status.ts";

// How soon something is tried again that did not work: ms, doubled each time up to the longest.
const soonest = 250;
const longest = 6000;

// How long an answer says that there is a way to the other side: ms.
const fresh = 10_000;

// How many pushes follow one another at once: where something is written all the time there is no end of what waits.
const mostPushes = 16;

/** The exchange with the other side, as often as it takes. */
export interface Contact {
  /** What there is to do. */
  wants: { push: boolean; pull: boolean };
  /** How often in a row something did not work. */
  failures: number;
  /** Something waits, or has changed on the other side. */
  wake(why: "push" | "pull"): void;
  /** Something has happened by which it may work now. */
  hurry(): void;
  /** Takes over what has changed there. While another context is about that, it is left to that. */
  pull(call: Call): Promise<void>;
  /** Brings there what waits, and looks what has changed there if no context has for so long: ms. */
  standIn(patience: number, call: Call): Promise<void>;
  /** Brings there what waits. Resolves with whether all of it went, or as much as goes at once: then the rest is wanted. */
  push(call: Call): Promise<boolean>;
  /** Notes that all there was on both sides is known on both. */
  synced(call: Call): void;
  /** Waits until there is something to do, or until it is time to try again; `idle` is how long it waits at most: ms. */
  rest(idle: number | undefined, signal: AbortSignal | undefined): Promise<void>;
}

export function createContact(side: Side, status: StatusKeeper): Contact {
  const sleepers: Sleepers = new Set();
  // When the other side answered, if it did when it was asked last: epoch ms.
  let answeredAt = -Infinity;
  let pushing: Promise<unknown> = Promise.resolve();

  /** Does something with the other side, and notes how that stands. */
  async function touch<R>(work: () => Promise<R>, { signal, now }: Call): Promise<R> {
    try {
      const result = await work();
      contact.failures = 0;
      answeredAt = now();
      status.set({ online: true, blocked: undefined });
      return result;
    } catch (error) {
      // What is full is this side: the other one has answered.
      if (isFull(error)) {
        contact.failures++;
        answeredAt = now();
        status.set({ online: true, blocked: undefined });
      } else if (error !== outrun && !signal?.aborted) {
        contact.failures++;
        answeredAt = -Infinity;
        const blocked = isOtherAccount(error) ? "other-account" : "unauthorized";
        status.set(isStoreError(error, "unauthorized") ? { online: true, blocked } : { online: false });
      }
      throw error;
    }
  }

  const contact: Contact = {
    wants: { push: true, pull: true },
    failures: 0,
    wake(why) {
      contact.wants[why] = true;
      if (!contact.failures) wakeAll(sleepers);
    },
    hurry() {
      contact.failures = 0;
      contact.wants = { push: true, pull: true };
      wakeAll(sleepers);
    },
    async pull(call) {
      try {
        await touch(() => pull(side, call), call);
        status.set({ complete: !!side.link.list });
      } catch (error) {
        if (error !== outrun) throw error;
        // Whoever asked for it is not to end before it.
        if (!call.signal?.aborted) await pause(soonest, 0, call.signal);
      }
    },
    async standIn(patience, call) {
      const progress = await side.rows.readJson<Progress>(progressRow);
      if (Math.abs(call.now() - (progress?.time ?? 0)) > patience) await contact.pull(call);
      if (contact.wants.push) await contact.push(call);
    },
    push(call) {
      // One after the other: two at once would send the same.
      const mine = pushing.then(async () => {
        // What is to go is fixed only when it can: else it would hang, and stay as it is.
        if (Math.abs(call.now() - answeredAt) > fresh) await contact.pull(call).catch(unlessFull);
        return touch(async () => {
          for (let count = 1; ; count++) {
            call.signal?.throwIfAborted();
            const pushed = await push(side, call);
            if (pushed === "done" && count < mostPushes) continue;
            if (pushed === "done") contact.wants.push = true;
            await status.recount();
            return pushed !== "later";
          }
        }, call);
      });
      pushing = mine.catch(() => {});
      return mine;
    },
    synced: ({ now }) => status.set({ lastSynced: now() }),
    rest(idle, signal) {
      const { failures } = contact;
      return nap(failures ? Math.min(soonest * 2 ** failures, longest) : idle, signal, sleepers);
    },
  };
  return contact;
}

/** Whether there was no room here for something. */
export const isFull = (error: unknown): boolean => isStoreError(error, "quota-exceeded");

/** Goes on where only the local store is full: what it brings to the other side makes room. */
export function unlessFull(error: unknown): unknown {
  if (!isFull(error)) throw error;
  return error;
}
