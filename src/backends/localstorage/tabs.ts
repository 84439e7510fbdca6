import { onPageEvents } from "../../core/onPageEvents.ts";
import type { LastNumber } from "../../core/writeNumber.ts";
import type { Undo } from "./undo.ts";
import { createWorkQueue, type RunSlice, type WorkQueue } from "./workQueue.ts";

const lock = "shelflife:localstorage";

// How long one tab keeps the lock if no other is seen to wait for it: ms.
const longest = 500;

/**
 * Returns the order of tabs: one writer at a time of all that write to localStorage, with everything in sight that others
 * wrote before. A writer puts a number into the Storage behind all else, in the task in which it answers its callers, and
 * reports that number to the others: by a message, and by a lock with the number in its name, which is asked for before the
 * writing lock is given back. The next writer finds it in `query`, and waits until the number has come into its own sight,
 * and with it, since a process's writes arrive in order, all that was written before. It writes behind what it waited for,
 * so this holds from writer to writer. A writer that goes away right after its write takes its locks along; its message
 * stays, for all contexts that listened by then. What is left is a context that begins just after that, which nothing makes wait: it
 * has the ms of its own start.
 *
 * A tab keeps the lock while calls follow one another, and no longer: an idle one has none. Between slices it lets its page
 * do something else, with all that was answered committed, and looks whether another tab waits; a page that is left then
 * asks for the lock anew if it comes back. If a tab is frozen just then, others wait until it goes on or is discarded, as
 * they do for one that is frozen while it waits for what another wrote.
 */
export function createTabs(locks: LockManager, number: LastNumber, undo: Undo, commit: () => void): WorkQueue {
  async function hold(runSlice: RunSlice): Promise<void> {
    let isOurs = true;
    // A page that is left while it has the lock may come back without it.
    const stopListening = onPageEvents(["pagehide"], () => void (isOurs = false));
    try {
      const { held, pending } = await locks.query();
      number.hearOf(held);
      let isWanted = isWaitedFor(pending);
      const end = performance.now() + longest;
      for (let last = 0; ;) {
        // A message of a tab that went away may come late, when the lock is there already.
        last = await number.catchUp(last);
        if (!isOurs) return;
        undo.recover();
        // Takes room for the number while there is some.
        if (!number.look()) number.stamp();
        if (!(await runSlice()) || isWanted || performance.now() >= end) return;
        // To give the lock away and get it again takes about as long as all that is done in a slice. Behind many writes the
        // answer is slow, so it is not waited for.
        locks.query().then(
          ({ pending }) => (isWanted = isWaitedFor(pending)),
          () => (isWanted = true),
        );
        await nextTask();
      }
    } finally {
      stopListening();
      number.report();
    }
  }

  return createWorkQueue((runSlice) => locks.request(lock, () => hold(runSlice)), commit);
}

function isWaitedFor(pending: readonly LockInfo[] = []): boolean {
  return pending.some(({ name }) => name === lock);
}

/** Resolves in a task of its own, after those that wait already. Not by a timer: in a hidden tab those are slow. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
