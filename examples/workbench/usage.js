import { storageUsage } from "../../dist/shelflife.min.js";
import { element } from "./element.js";
import { formatSize } from "./format.js";

// What browsers grant: they do not say it.
const textQuota = 5_200_000;

/** The panel that says how much room the medium of the open store takes and has. */
export function createUsage() {
  const list = document.querySelector("#usage");
  let config;
  let timer;

  function line(name, value, share) {
    const term = element("dt", { textContent: name });
    const detail = element("dd");
    detail.append(element("span", { textContent: value }));
    if (share !== undefined) {
      const meter = element("meter", { max: 1, high: 0.8, value: share, title: value });
      meter.setAttribute("aria-label", name);
      detail.append(meter);
    }
    return [term, detail];
  }

  async function show() {
    timer = undefined;
    const wanted = config;
    const lines = await linesOf(line, wanted);
    if (wanted === config) list.replaceChildren(...lines);
  }

  return {
    /** Shows it for another store. */
    of(next) {
      config = next;
      void show();
    },
    /** Reads it again soon; asked for many times at once, it reads once. */
    refresh() {
      timer ??= setTimeout(() => void show(), 1000);
    },
  };
}

/** Returns what there is to say of a medium, and nothing of any other. */
function linesOf(line, { backend, parameters } = {}) {
  if (backend === "offline") return linesOf(line, parameters?.local);
  if (backend === "indexeddb") return ofOrigin(line);
  if (backend === "sessionstorage" || parameters?.storage === "session") return ofText(line, "sessionStorage");
  if (backend === "localstorage") return ofText(line, "localStorage");
  if (backend === "memory") return line("In memory", "no limit is known");
  return line("On the server", "not known here");
}

async function ofOrigin(line) {
  try {
    const { usage, quota, persisted } = await storageUsage();
    return [
      ...line("This site", `${formatSize(usage)} of ${formatSize(quota)}`, usage / quota),
      ...line("Durability", persisted ? "persistent" : "best effort"),
    ];
  } catch {
    return line("This site", "the browser does not say");
  }
}

function ofText(line, name) {
  try {
    const used = Object.entries(globalThis[name]).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    return line(name, `${used.toLocaleString("en")} of ~5.2 M chars`, used / textQuota);
  } catch {
    return line(name, "not available");
  }
}
