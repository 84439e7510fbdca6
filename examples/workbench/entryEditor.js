import { StoreError } from "../../dist/shelflife.min.js";
import { attempt } from "./messages.js";

/** The form in which a value that is text is edited. `save` stores what `read` returns. */
export function createEditor(save) {
  const form = document.querySelector("#entry-edit");
  const text = form.elements.value;
  const format = document.querySelector("#entry-format");
  let key;
  let original;

  const isJson = () => form.elements.as.value === "json";
  const isEdited = () => original !== undefined && text.value !== normal(original);
  const clearInvalid = () => text.removeAttribute("aria-invalid");

  function showFormat() {
    format.hidden = !isJson();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearInvalid();
    if (await attempt(save)) return;
    text.setAttribute("aria-invalid", "true");
    text.focus();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  format.addEventListener("click", () => attempt(() => (text.value = JSON.stringify(parse(text.value, key), null, 2))));
  for (const input of form.elements.as) input.addEventListener("change", showFormat);

  return {
    /** Shows the text of a value, or nothing where it has none. */
    show(name, type) {
      key = name;
      original = type.text;
      form.hidden = original === undefined;
      form.elements.as.value = type.kind === "JSON" ? "json" : "text";
      if (original !== undefined) text.value = original;
      showFormat();
    },
    isEdited,
    /** Returns the text as it is to be stored. Throws `cant-encode` for what should be JSON and is not. */
    read() {
      const words = isEdited() ? restore(text.value, original) : original;
      if (isJson()) parse(words, key);
      return words;
    },
    clearInvalid,
    focus: () => text.focus(),
    toStart: () => text.setSelectionRange(0, 0),
  };
}

function parse(text, key) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreError("cant-encode", `The value is not JSON: ${cause.message}`, { cause, key });
  }
}

// A text area knows line feeds only. A text that had another kind of line break throughout gets it back.
const normal = (text) => text.replace(/\r\n?/g, "\n");
function restore(edited, original) {
  const breaks = new Set(original.match(/\r\n?|\n/g));
  return breaks.size === 1 ? edited.replaceAll("\n", [...breaks][0]) : edited;
}
