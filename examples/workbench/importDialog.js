import { element } from "./element.js";
import { showKey } from "./format.js";

const mostShown = 500;
const number = (count, one, many = one) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** The dialog that says what is in a file before it is imported, and afterwards what became of it. */
export function createImportDialog() {
  const dialog = document.querySelector("#import-dialog");
  const title = document.querySelector("#import-title");
  const content = document.querySelector("#import-content");
  const replacing = document.querySelector("#import-replacing");
  const confirm = dialog.querySelector("[value=confirm]");
  const cancel = dialog.querySelector("[value=cancel]");

  function open(heading, parts) {
    title.textContent = heading;
    content.replaceChildren(...parts.filter(Boolean));
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true });
    });
  }

  return {
    /** Says what was found in a file, and resolves with how it is to be imported, or with nothing. */
    async ask(name, { entries, expired, damaged, isWhole, hasEnd }) {
      const isDamaged = damaged.length || !isWhole;
      const expiry = expired && `, of which ${number(expired, "has", "have")} expired`;
      const wrong = !hasEnd ? "It was cut: its end is missing." : "It was changed since it was written.";
      replacing.parentElement.hidden = false;
      replacing.checked = false;
      confirm.hidden = !entries;
      confirm.textContent = isDamaged ? "Import what can be read" : `Import ${number(entries, "entry", "entries")}`;
      cancel.textContent = "Cancel";
      const isSure = await open(`Import ${name}`, [
        paragraph(`It has ${number(entries, "entry", "entries")}${expiry || ""}.`),
        isDamaged && element("p", { className: "wrong", textContent: wrong }),
        listOf(number(damaged.length, "damaged line", "damaged lines"), damaged),
      ]);
      return isSure ? { isReplacing: replacing.checked } : undefined;
    },
    /** Says what was written, what was not, and why. */
    async report(name, { written, present, expired, kept, failed, stopped }) {
      replacing.parentElement.hidden = true;
      confirm.hidden = true;
      cancel.textContent = "Close";
      const reasons = failed.map(({ key, reason }) => `${showKey(key) || '""'}: ${reason}`);
      await open(`Imported from ${name}`, [
        stopped && element("p", { className: "wrong", textContent: stopped }),
        paragraph(`${number(written, "entry was", "entries were")} written.`),
        present && paragraph(`${number(present, "was", "were")} there already.`),
        expired && paragraph(`${number(expired, "has", "have")} expired since the export.`),
        listOf(
          number(kept.length, "was kept: the store has another value", "were kept: the store has other values"),
          kept.map(showKey),
        ),
        listOf(number(failed.length, "could not be written", "could not be written"), reasons),
      ]);
    },
  };
}

const paragraph = (textContent) => element("p", { textContent });

/** A list that opens, with its heading; nothing where it is empty. */
function listOf(heading, lines) {
  if (!lines.length) return undefined;
  const details = element("details", { open: lines.length <= 10 });
  const list = element("ul", { className: "keys" });
  list.append(...lines.slice(0, mostShown).map((textContent) => element("li", { textContent })));
  if (lines.length > mostShown) {
    list.append(element("li", { textContent: `and ${(lines.length - mostShown).toLocaleString("en")} more` }));
  }
  details.append(element("summary", { textContent: heading }), list);
  return details;
}
