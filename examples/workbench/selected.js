import { countEntries } from "./counter.js";
import { formatSize } from "./format.js";
import { createLifetime } from "./lifetime.js";
import { say } from "./messages.js";

const atOnce = 100;

/** What can be done with all entries that are selected: it stands below the list, where the next Tab leads. */
export function createSelected(session, { selection, listing, removal, job, save }) {
  const bar = document.querySelector("#selected");
  const count = document.querySelector("#selected-count");
  const dialog = document.querySelector("#extend-many");
  const form = dialog.querySelector("form");
  const lifetime = createLifetime(form);
  const button = (name) => document.querySelector(`#selected-${name}`);
  let wanted = [];

  function extend(entries, { ttl, words }) {
    return job.run("Setting lifetimes", async ({ signal, show }) => {
      const { store } = session;
      let done = 0;
      let gone = 0;
      for (let at = 0; at < entries.length && !signal.aborted; at += atOnce) {
        const keys = entries.slice(at, at + atOnce).map(({ key }) => key);
        const there = await Promise.all(keys.map((key) => store.touch(key, { ttl, signal })));
        for (const key of keys) listing.note("set", key);
        done += there.filter(Boolean).length;
        gone += there.filter((isThere) => !isThere).length;
        show(
          `Set the lifetime of ${countEntries(done)} of ${entries.length.toLocaleString("en")}`,
          at / entries.length,
        );
      }
      const rest = [gone && `${gone} were gone`, signal.aborted && "then stopped"].filter(Boolean);
      say([`${countEntries(done)} kept ${words}`, ...rest].join(", "));
    });
  }

  button("extend").addEventListener("click", () => {
    wanted = selection.entries;
    document.querySelector("#extend-many-title").textContent = `Set the lifetime of ${countEntries(wanted.length)}`;
    dialog.showModal();
    lifetime.focus();
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value !== "confirm") return;
    if (lifetime.ttl > 0) return void extend(wanted, { ttl: lifetime.ttl, words: lifetime.words });
    event.preventDefault();
    lifetime.setProblem("Expected a number above 0");
    lifetime.focus();
  });
  button("export").addEventListener("click", () => save(selection.entries));
  button("delete").addEventListener("click", () => removal.remove(selection.entries));
  button("clear").addEventListener("click", () => {
    selection.clear();
    document.querySelector("#list").focus({ preventScroll: true });
  });

  return {
    /** Shows how many are selected. */
    show() {
      const hadFocus = bar.contains(document.activeElement);
      bar.hidden = !selection.size;
      if (bar.hidden) {
        if (hadFocus) document.querySelector("#list").focus({ preventScroll: true });
        return;
      }
      const bytes = selection.entries.reduce((sum, { size = 0 }) => sum + size, 0);
      const more = listing.state === "complete" ? "" : " of those listed so far";
      count.textContent = `${selection.size.toLocaleString("en")} selected${more}${bytes ? `, ${formatSize(bytes)}` : ""}`;
    },
  };
}
