import type { Awaitable, Call, CompleteBackend, Entry } from "../../core/contract.ts";
import { onPageEvents } from "../../core/onPageEvents.ts";
import type { Item, Uncommitted } from "./uncommitted.ts";

/** Takes writes at once and gives them to a medium a moment later, of several to one key the last. */
export interface WriteBehind extends Pick<CompleteBackend, "set" | "setMany"> {
  /** Gives the medium what waits. */
  flush(): void;
  /** Leaves the page alone. */
  close(): void;
}

// How long a write waits for others, or for a later one of the same key, before it is given to the medium: ms.
const writeDelay = 10;

/** Returns a buffer before a medium. When the page is hidden, what waits is given to it, and from then on nothing waits. */
export function createWriteBehind(medium: CompleteBackend, uncommitted: Uncommitted): WriteBehind {
  // What the medium was not given yet.
  const waiting = new Map<string, Entry>();
  let clock: Call;
  let isLeft = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Whose the timer is: fake ones that went away never fire.
  let armed: typeof setTimeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    armed = undefined;
    const items = [...waiting];
    waiting.clear();
    for (const item of items) uncommitted.write([item], () => medium.set(...item, clock));
  }

  /** The same for a page that may be gone in a moment: all at once. */
  function leave(): void {
    const items = [...waiting];
    if (!items[1]) return flush();
    waiting.clear();
    uncommitted.write(items, () => medium.setMany(items, { ...clock, isLast: true }));
  }

  /** Takes a write, and waits if there are too many. */
  function take(items: readonly Item[], { now }: Call): Awaitable<void> {
    // A caller that gave it a signal has the answer before it is written.
    clock = { now };
    if (uncommitted.add(items)) {
      flush();
      return uncommitted.settled().then(() => {});
    }
    if (isLeft) queueMicrotask(leave);
    else if (globalThis.document?.hidden) flush();
    else if (armed !== setTimeout) timer = (armed = setTimeout)(flush, writeDelay);
  }

  const close = onPageEvents(["visibilitychange", "pagehide", "pageshow"], ({ type }) => {
    // A page that is left hears after that that it is hidden.
    if (type !== "visibilitychange") isLeft = type === "pagehide";
    leave();
  });
  return {
    flush,
    set(key, entry, call) {
      const old = waiting.get(key);
      if (old) uncommitted.delete([key, old]);
      waiting.set(key, entry);
      return take([[key, entry]], call);
    },
    setMany(items, call) {
      flush();
      uncommitted.write(items, () => medium.setMany(items, { now: call.now }));
      return take(items, call);
    },
    close,
  };
}
