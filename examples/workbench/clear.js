import { confirm } from "./confirm.js";
import { countEntries } from "./counter.js";
import { say } from "./messages.js";

/** Deletes all that is searched for, or all there is, once one has said yes. */
export async function clear(session, { search: { words, match }, listing, rows, removal, restart }) {
  if (words && match === "text") return removal.remove(rows.list);
  const which = words ? `whose key begins with ${JSON.stringify(words)}` : "in the store";
  const number = listing.state === "complete" ? `All ${countEntries(rows.list.length)}` : "Every entry";
  const isSure = await confirm({
    title: words ? "Clear a part of the store?" : "Clear the store?",
    text: `${number} ${which} will be deleted, also for other tabs. This cannot be undone.`,
    action: "Clear",
  });
  if (!isSure) return;
  await session.store.clear({ prefix: words });
  await restart();
  say(words ? `Cleared what began with ${JSON.stringify(words)}` : "Cleared the store");
}
