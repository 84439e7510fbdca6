import { isStoreError } from "../../dist/shelflife.min.js";
import { confirm } from "./confirm.js";
import { countEntries } from "./counter.js";
import { formatSize, showKey } from "./format.js";
import { attempt, say, showError } from "./messages.js";

// What is kept in memory so that it can be put back.
const mostBack = 2000;
const mostBytesBack = 32_000_000;
const guessedSize = 100_000;
const portion = 100;

/** Deletes entries, and takes that back. */
export function createRemoval(session, { rows, listing, arrange, job }) {
  const undo = document.querySelector("#undo");

  /** Takes entries away, and remembers them for as long as they can be put back; asks first where they are too many for that. */
  async function remove(entries) {
    const bytes = entries.reduce((sum, { size = guessedSize }) => sum + size, 0);
    const keys = entries.map(({ key }) => key);
    if (entries.length <= mostBack && (entries.length === 1 || bytes <= mostBytesBack)) return removeWithUndo(keys);
    const text = `They are ${formatSize(bytes)}: too much to be put back. They are deleted also for other tabs.`;
    const isSure = await confirm({ title: `Delete ${countEntries(keys.length)}?`, text, action: "Delete" });
    if (isSure) await removeForGood(keys);
  }

  async function removeWithUndo(keys) {
    const { current } = session;
    const taken = [];
    await attempt(async () => {
      for (let at = 0; at < keys.length; at += portion) {
        const some = keys.slice(at, at + portion);
        taken.push(...(await takeAll(session.store, some)));
        for (const key of some) listing.note("delete", key);
      }
    });
    if (taken.length) {
      const name = keys.length === 1 ? showKey(keys[0]) : countEntries(taken.length);
      say(`Deleted ${name}`, () => putBack(current, taken));
    } else if (keys.length === 1) say(`${showKey(keys[0])} was gone already`);
  }

  function removeForGood(keys) {
    return job.run("Deleting", async ({ signal, show }) => {
      const { store } = session;
      let count = 0;
      for (let at = 0; at < keys.length && !signal.aborted; at += portion * 5) {
        const some = keys.slice(at, at + portion * 5);
        count += await store.deleteMany(some, { signal });
        for (const key of some) listing.note("delete", key);
        show(`Deleted ${countEntries(count)} of ${keys.length.toLocaleString("en")}`, (at + some.length) / keys.length);
      }
      say(`Deleted ${countEntries(count)}${signal.aborted ? ", then stopped" : ""}`);
    });
  }

  /** Puts back what was taken, beside what is new. What cannot be now can be tried again. */
  async function putBack(store, taken) {
    const now = Date.now();
    const living = taken.filter(({ expiresAt }) => expiresAt > now);
    const back = [];
    const failed = [];
    let failure;
    for (let at = 0; at < living.length; at += portion) {
      const some = living.slice(at, at + portion);
      const tries = some.map(({ key, value, expiresAt }) => store.setIfAbsent(key, value, { expiresAt }));
      for (const [index, { status, value, reason }] of (await Promise.allSettled(tries)).entries()) {
        const entry = some[index];
        if (status === "rejected") {
          failure ??= reason;
          failed.push(entry);
        } else if (value) back.push(entry);
      }
    }
    if (failure) showError(failure);
    const words = describe({ taken, living, back, failed });
    if (failed.length) say(words, () => putBack(store, failed));
    else say(words);
    if (store !== session.current) return;
    for (const { key } of taken) listing.note("set", key);
    await listing.flush();
    arrange();
    if (back.length) rows.focus(back[0].key);
  }

  // Back from where the next Tab has led.
  undo.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || !event.shiftKey || !rows.focused) return;
    event.preventDefault();
    rows.focusAgain();
  });

  return {
    remove: (entries) => void attempt(() => remove(entries)),
    /** Goes to the button that takes a deletion back, and returns whether there is one. */
    focusUndo() {
      if (undo.hidden) return false;
      undo.focus();
      return true;
    },
  };
}

function describe({ taken, living, back, failed }) {
  const [{ key }] = taken;
  if (taken.length === 1 && !living.length) return `${showKey(key)} would have expired by now`;
  if (taken.length === 1 && back.length) return `Put ${showKey(key)} back`;
  if (taken.length === 1 && !failed.length) return `${showKey(key)} has a new value, which stays`;
  const kept = living.length - back.length - failed.length;
  const rest = [
    kept && `${kept} have new values, which stay`,
    taken.length > living.length && `${taken.length - living.length} would have expired by now`,
    failed.length && `${failed.length} could not be put back`,
  ].filter(Boolean);
  return [`Put ${countEntries(back.length)} back`, ...rest].join("; ");
}

/** Takes entries away, each with its value and its deadline, in one step where the store has such. */
async function takeAll(store, keys) {
  let found;
  try {
    await store.transact(keys, (entries) => {
      found = entries;
      return entries.map(() => undefined);
    });
  } catch (error) {
    if (keys.length === 1 || !isStoreError(error, "unsupported")) throw error;
    const parts = [];
    for (const key of keys) parts.push(...(await takeAll(store, [key])));
    return parts;
  }
  return found.flatMap((entry, index) => (entry ? [{ ...entry, key: keys[index] }] : []));
}
