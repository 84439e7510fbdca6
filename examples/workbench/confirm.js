const dialog = document.querySelector("#confirm");

/** Asks whether to do what cannot be undone, and resolves with the answer. */
export function confirm({ title, text, action }) {
  document.querySelector("#confirm-title").textContent = title;
  document.querySelector("#confirm-text").textContent = text;
  dialog.querySelector("[value=confirm]").textContent = action;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true });
  });
}
