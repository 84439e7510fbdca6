import { isStoreError } from "../../dist/shelflife.min.js";
import { element } from "./element.js";

let count = 0;

/** Says below a field what is wrong with it, until it is changed, and leads there; without words, that nothing is. */
export function setProblem(field, words = "") {
  const label = field.closest("label") ?? field;
  let place = label.nextElementSibling;
  if (!place?.matches(".problem")) {
    if (!words) return;
    place = element("p", { className: "problem", id: `problem-${++count}` });
    label.after(place);
  }
  place.textContent = words;
  describe(field, place.id, !!words);
  field.toggleAttribute("aria-invalid", false);
  if (!words) return;
  field.setAttribute("aria-invalid", "true");
  field.addEventListener("input", () => setProblem(field), { once: true });
  field.focus();
}

/** Makes the element of this id one of those that describe a field, or no longer. */
export function describe(field, id, isThere = true) {
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  const ids = isThere ? [...others, id] : others;
  if (ids.length) field.setAttribute("aria-describedby", ids.join(" "));
  else field.removeAttribute("aria-describedby");
}

/** Returns which argument of the store's an error is about: "key", "value" or "ttl"; `undefined` when it is about none. */
export function argumentOf(error) {
  if (isStoreError(error, "cant-encode")) return "value";
  return isStoreError(error, "invalid-argument") ? /^Invalid (key|value|ttl)\b/.exec(error.message)?.[1] : undefined;
}
