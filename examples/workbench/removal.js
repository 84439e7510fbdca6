import { isStoreError } from "../../dist/shelflife.min.js";
import { countEntries } from "./counter.js";
import { showKey } from "./format.js";
import { attempt, say } from "./messages.js";

/** Deletes entries, and takes that back. */
export function createRemoval(session, { rows, listing, arrange }) {
  const undo = document.querySelector("#undo");

  /** Takes entries away, and remembers them for as long as they can be put back. */
  function remove(entries) {
    return attempt(async () => {
      const { store } = session;
      const taken = await takeAll(
        store,
        entries.map(({ key }) => key),
      );
      for (const { key } of entries) listing.note("delete", key);
      const name = entries.length === 1 ? showKey(entries[0].key) : countEntries(taken.length);
      if (!taken.length) return say(`${name} was gone already`);
      say(`Deleted ${name}`, () => putBack(store, taken));
    });
  }

  async function putBack(store, taken) {
    const isBack = await Promise.all(
      taken.map(({ key, value, expiresAt }) => store.setIfAbsent(key, value, { expiresAt })),
    );
    for (const { key } of taken) listing.note("set", key);
    await listing.flush();
    arrange();
    const [{ key, expiresAt }] = taken;
    if (expiresAt <= Date.now()) return say(`${showKey(key)} would have expired by now`);
    say(isBack[0] ? `Put ${showKey(key)} back` : `${showKey(key)} has a new value, which stays`);
    rows.focus(key);
  }

  // Back from where the next Tab has led.
  undo.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || !event.shiftKey || !rows.focused) return;
    event.preventDefault();
    rows.focusAgain();
  });

  return {
    remove,
    /** Goes to the button that takes a deletion back, and returns whether there is one. */
    focusUndo() {
      if (undo.hidden) return false;
      undo.focus();
      return true;
    },
  };
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
    return (await Promise.all(keys.map((key) => takeAll(store, [key])))).flat();
  }
  return found.flatMap((entry, index) => (entry ? [{ ...entry, key: keys[index] }] : []));
}
