import type { Call, Store } from "../core/contract.ts";
import { onPageEvents } from "../core/onPageEvents.ts";
import { isFull, unlessFull, type Contact } from "./contact.ts";
import { nap, wakeAll, type Sleepers } from "./nap.ts";
import type { StatusKeeper } from "./status.ts";

// How often it is looked whether something has changed, where the other side does not report it: ms.
const lookInterval = 3000;
// How long a context that does not lead leaves it to the one that does: ms.
const patience = 15_000;

/**
 * Keeps the two sides in step, in one of all contexts that hold the lock of a name: where there are no locks, in each. Returns
 * what ends that.
 */
export function keepInStep(
  contact: Contact,
  { store, status, name, now }: { store: Store; status: StatusKeeper; name: Promise<string>; now: () => number },
): () => Promise<void> {
  const ending = new AbortController();
  const stopEvents = onPageEvents(["online", "offline", "visibilitychange", "pageshow", "resume"], contact.hurry);
  const taking = status.ready.then(() => takePart(contact, name, { now, signal: ending.signal }, store));
  taking.catch(() => {});
  return async () => {
    stopEvents();
    ending.abort();
    await taking.catch(() => {});
  };
}

/** Leads when no other context does, and again when this one is shown after it was put away. */
async function takePart(
  contact: Contact,
  name: Promise<string>,
  call: Required<Pick<Call, "now" | "signal">>,
  store: Store,
): Promise<void> {
  // prettier-ignore
  const { locks } = (globalThis.navigator ?? {}) as Partial<Navigator>;
  const lock = `shelflife-offline-${await name}`;
  const signal = call.signal;
  while (!signal.aborted) {
    const turn = new AbortController();
    const end = (): void => turn.abort();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    // A page that is put away goes on holding what it holds, or is thrown away for it.
    const stop = onPageEvents(["pagehide", "freeze"], end);
    const mine = { ...call, signal: turn.signal };
    let leading: Promise<void> | undefined;
    try {
      if (locks) {
        void standBy(contact, mine);
        // Given away at once: what a frozen page waits for does not come.
        await locks.request(lock, { signal: turn.signal }, () => {
          leading = lead(contact, mine, store);
          return Promise.race([leading, nap(undefined, turn.signal)]);
        });
      } else await lead(contact, mine, store);
    } catch {
      // It was put away while it waited.
    }
    end();
    stop();
    signal.removeEventListener("abort", end);
    if (!signal.aborted) await shown(signal);
    await leading;
  }
}

/** Pulls and pushes all the same when the context that leads seems not to: one that is frozen may go on leading. */
async function standBy(contact: Contact, call: Call): Promise<void> {
  for (;;) {
    await nap(patience, call.signal);
    if (call.signal!.aborted) return;
    await contact.standIn(patience, call).catch(() => {});
  }
}

/** Keeps the two sides in step until it is to end. */
async function lead(contact: Contact, call: Call, store: Store): Promise<void> {
  const signal = call.signal!;
  let isFollowed = true;
  // How often in a row the local store was too full for what there is.
  let fulls = 0;
  const follow = async (): Promise<void> => {
    for await (const _ of store.watch({ signal, unref: true })) contact.wake("pull");
  };
  follow().catch(() => (isFollowed = false));
  while (!signal.aborted) {
    const wanted = contact.wants;
    contact.wants = { push: false, pull: false };
    try {
      const full = (wanted.pull || !isFollowed) && (await contact.pull(call).catch(unlessFull));
      const isPushed = await contact.push(call);
      fulls = full ? fulls + 1 : 0;
      if (full) contact.wants.pull = true;
      if (full || !isPushed) contact.failures += fulls || 1;
      else if (!contact.wants.push) contact.synced(call);
    } catch (error) {
      if (isFull(error)) contact.failures += fulls++;
      contact.wants = { push: true, pull: contact.wants.pull || wanted.pull };
    }
    const { wants, failures } = contact;
    if (!signal.aborted && (failures || !(wants.push || wants.pull)))
      await contact.rest(isFollowed ? undefined : lookInterval, signal);
  }
}

/** Resolves when a page is shown again, or the signal aborts. */
async function shown(signal: AbortSignal): Promise<void> {
  const sleepers: Sleepers = new Set();
  const stop = onPageEvents(["pageshow", "resume"], () => wakeAll(sleepers));
  await nap(undefined, signal, sleepers);
  stop();
}
