import { setProblem } from "./field.js";
import { formatDeadline, formatLeft } from "./format.js";

const template = document.querySelector("#lifetime");
const day = 86_400_000;

/**
 * Puts the choice of a lifetime into a form. `ttl` is what was chosen in ms, `words` names it. With `deadline` it also shows
 * when that will be over, beside the deadline that there is.
 */
export function createLifetime(form, { deadline: hasDeadline = false } = {}) {
  const place = form.querySelector("[data-lifetime]");
  place.append(template.content.cloneNode(true));
  const [preset, unit] = place.querySelectorAll("select");
  const amount = place.querySelector("input");
  const custom = place.querySelector(".custom");
  const deadline = place.querySelector(".deadline");
  const isCustom = () => preset.value === "custom";
  const ttl = () => (isCustom() ? amount.valueAsNumber * Number(unit.value) : Number(preset.value));
  const field = () => (isCustom() ? amount : preset);
  let expiresAt = Infinity;

  deadline.hidden = !hasDeadline;

  function showDeadline() {
    if (!hasDeadline) return;
    const now = Date.now();
    const next = now + ttl();
    const text = next > now ? formatDeadline(next, now) + difference(next) : "";
    if (deadline.textContent !== text) deadline.textContent = text;
  }

  function difference(next) {
    if (next === Infinity || expiresAt === Infinity) return "";
    const ms = next - expiresAt;
    if (Math.abs(ms) < 1000) return "";
    return `, ${formatLeft(Math.abs(ms))} ${ms < 0 ? "earlier" : "later"} than now`;
  }

  place.addEventListener("input", showDeadline);
  place.addEventListener("change", () => {
    setProblem(amount);
    const wasHidden = custom.hidden;
    custom.hidden = !isCustom();
    if (wasHidden && isCustom()) amount.select();
    showDeadline();
  });

  return {
    get ttl() {
      return ttl();
    },
    get words() {
      if (preset.value === "Infinity") return "without a deadline";
      return `for ${isCustom() ? `${amount.value} ${unit.selectedOptions[0].text}` : preset.selectedOptions[0].text}`;
    },
    /** Chooses the shortest lifetime that is longer than what is left of an entry, by more than a blink. */
    preset(left) {
      const longer = [...preset.options].find(({ value }) => Number(value) > left * 1.01 || Number(value) === Infinity);
      preset.value = longer.value;
      if (longer.value === "Infinity" && left < Infinity) {
        preset.value = "custom";
        unit.value = String(day);
        amount.value = String(Math.ceil(left / day) + 30);
      }
      custom.hidden = !isCustom();
      setProblem(amount);
    },
    /** Shows what would become of a deadline, as of now. */
    compare(current) {
      expiresAt = current;
      showDeadline();
    },
    setProblem: (words) => setProblem(field(), words),
    focus: () => field().focus(),
  };
}
