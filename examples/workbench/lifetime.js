const template = document.querySelector("#lifetime");

/** Puts the choice of a lifetime into a form. `ttl` is what was chosen in ms, `words` names it. */
export function createLifetime(form) {
  const place = form.querySelector("[data-lifetime]");
  place.append(template.content.cloneNode(true));
  const [preset, unit] = place.querySelectorAll("select");
  const amount = place.querySelector("input");
  const custom = place.querySelector(".custom");
  const isCustom = () => preset.value === "custom";
  preset.addEventListener("change", () => {
    custom.hidden = !isCustom();
    if (isCustom()) amount.select();
  });
  return {
    get ttl() {
      return isCustom() ? amount.valueAsNumber * Number(unit.value) : Number(preset.value);
    },
    get words() {
      if (preset.value === "Infinity") return "without a deadline";
      return `for ${isCustom() ? `${amount.value} ${unit.selectedOptions[0].text}` : preset.selectedOptions[0].text}`;
    },
    focus: () => (isCustom() ? amount : preset).focus(),
  };
}
