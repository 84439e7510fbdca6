import { element } from "./element.js";
import { describe } from "./field.js";
import { formatSize } from "./format.js";
import { problemOf } from "./jsonText.js";

/** A line below a text that says, as one types, whether it is JSON, and how much of it is stored. `stored` returns that. */
export function createJsonCheck(text, { isJson, stored }) {
  const line = element("p", { className: "validity", id: `${text.form.id}-validity` });
  (text.closest("label") ?? text).after(line);

  function show() {
    const isShown = isJson() && text.value.trim() !== "";
    line.hidden = !isShown;
    describe(text, line.id, isShown);
    if (!isShown) return;
    const problem = problemOf(text.value);
    line.dataset.valid = String(problem === undefined);
    line.textContent = problem === undefined ? `Valid JSON, ${sizeOf(stored())} stored` : `Not JSON yet: ${problem}`;
  }

  text.addEventListener("input", show);
  return show;
}

const sizeOf = (words) => formatSize(new TextEncoder().encode(words).length);
