import { argumentOf, setProblem } from "./field.js";
import { createJsonCheck } from "./jsonCheck.js";
import { checkJson, compact, pretty, problemOf } from "./jsonText.js";
import { showError } from "./messages.js";

/**
 * The form in which a value that is text is edited: JSON as it reads best, text as it is stored. `save` stores what `read`
 * returns.
 */
export function createEditor(save) {
  const form = document.querySelector("#entry-edit");
  const text = form.elements.value;
  const format = document.querySelector("#entry-format");
  let key;
  let original;
  // How the original is shown; nothing that is typed is like `undefined`.
  let shown;

  const isJson = () => form.elements.as.value === "json";
  const isEdited = () => original !== undefined && text.value !== shown;
  const showCheck = createJsonCheck(text, { isJson, stored });

  /** Returns what would be stored: the original as it was unless it was edited, and JSON as compact as it was. */
  function stored(asJson = isJson()) {
    if (!isEdited()) return original;
    const words = restore(text.value, original);
    const isCompact = asJson && !problemOf(original) && compact(original) === original;
    return isCompact && !problemOf(words) ? compact(words) : words;
  }

  const layOut = (words) => normal(isJson() && !problemOf(words) ? pretty(words) : words);

  function showAs() {
    format.hidden = !isJson();
    setProblem(text);
    showCheck();
  }

  for (const input of form.elements.as) {
    input.addEventListener("change", () => {
      const wasEdited = isEdited();
      text.value = layOut(stored(!isJson()));
      shown = wasEdited ? undefined : text.value;
      showAs();
    });
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    setProblem(text);
    try {
      await save();
    } catch (error) {
      if (argumentOf(error) === "value") return setProblem(text, error.message);
      showError(error);
      text.focus();
    }
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  format.addEventListener("click", () => {
    const problem = problemOf(text.value);
    if (problem !== undefined) return setProblem(text, `The value is not JSON: ${problem}`);
    text.value = pretty(text.value);
    showCheck();
  });

  return {
    /** Shows the text of a value, or nothing where it has none. */
    show(name, type) {
      key = name;
      original = type.text;
      form.hidden = original === undefined;
      form.elements.as.value = type.kind === "JSON" ? "json" : "text";
      if (original !== undefined) text.value = shown = layOut(original);
      showAs();
    },
    isEdited,
    /** Returns the text as it is to be stored. Throws `cant-encode` for what should be JSON and is not. */
    read() {
      if (isJson()) checkJson(text.value, key);
      return stored();
    },
    clearInvalid: () => setProblem(text),
    focus: () => text.focus(),
    toStart() {
      text.setSelectionRange(0, 0);
      text.scrollTop = 0;
    },
  };
}

// A text area knows line feeds only. A text that had another kind of line break throughout gets it back.
const normal = (text) => text.replace(/\r\n?/g, "\n");
function restore(edited, original) {
  const breaks = new Set(original.match(/\r\n?|\n/g));
  return breaks.size === 1 ? edited.replaceAll("\n", [...breaks][0]) : edited;
}
