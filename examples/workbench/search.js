const pause = 80;

/** The field that is searched by, and how: by what keys begin with, or by what they contain. `changed` is called a moment after. */
export function createSearch(changed) {
  const field = document.querySelector("#filter");
  const match = document.querySelector("#match");
  let timer;

  function later() {
    timer ??= setTimeout(() => {
      timer = undefined;
      changed();
    }, pause);
  }

  field.addEventListener("input", later);
  match.addEventListener("change", () => {
    if (field.value) later();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !field.value) return;
    event.preventDefault();
    clear();
  });

  function clear() {
    field.value = "";
    later();
  }

  return {
    get words() {
      return field.value;
    },
    get match() {
      return match.value;
    },
    clear() {
      clear();
      field.focus();
    },
  };
}
