import { storageUsage } from "../../dist/shelflife.min.js";
import { element } from "./element.js";
import { formatSize } from "./format.js";

/** The panel that says how much room the page's storage takes and has. */
export function createUsage() {
  const list = document.querySelector("#usage");
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
    const lines = [...(await ofOrigin(line)), ...ofText(line, "localStorage"), ...ofText(line, "sessionStorage")];
    list.replaceChildren(...lines);
  }

  void show();
  return {
    /** Reads it again soon; asked for many times at once, it reads once. */
    refresh() {
      timer ??= setTimeout(() => void show(), 1000);
    },
  };
}

async function ofOrigin(line) {
  try {
    const { usage, quota, persisted } = await storageUsage();
    return [
      ...line("IndexedDB", `${formatSize(usage)} of ${formatSize(quota)}`, usage / quota),
      ...line("Durability", persisted ? "persistent" : "best effort"),
    ];
  } catch {
    return line("IndexedDB", "the browser does not say");
  }
}

// What browsers grant: they do not say it.
const textQuota = 5_200_000;

function ofText(line, name) {
  try {
    const used = Object.entries(globalThis[name]).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    return line(name, `${used.toLocaleString("en")} of ~5.2 M chars`, used / textQuota);
  } catch {
    return line(name, "not available");
  }
}
