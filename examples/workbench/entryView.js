import { element } from "./element.js";
import { formatSize, showKey } from "./format.js";
import { hexTable } from "./sniff.js";

const mostShown = 4096;

/** Shows a value that is no text, and offers any value as a download. */
export function createView() {
  const view = document.querySelector("#entry-view");
  const download = document.querySelector("#entry-download");
  let url;

  function tableOf(value) {
    const rest = value.length - mostShown;
    const table = element("pre", { tabIndex: 0 });
    table.textContent = hexTable(value.subarray(0, mostShown)) + (rest > 0 ? `\n… and ${formatSize(rest)}` : "");
    table.setAttribute("aria-label", "The bytes");
    return table;
  }

  return {
    show(key, value, type) {
      URL.revokeObjectURL(url);
      url = URL.createObjectURL(new Blob([value], { type: type.mime }));
      download.href = url;
      download.download = key.split("/").at(-1) || "value";
      view.replaceChildren();
      if (type.kind === "image") view.append(element("img", { src: url, alt: `The image ${showKey(key)}` }));
      else if (type.kind === "binary") view.append(tableOf(value));
    },
    focus: () => download.focus(),
  };
}
