/** Does by keys what can be done in the list. `remove` is called with the entry that has the focus. */
export function listenToKeys({ rows, selection, remove, focusUndo }) {
  /** Does what a key stands for, and returns whether it stands for anything. */
  function onKey({ key, shiftKey, ctrlKey, metaKey }) {
    const { focused } = rows;
    const isCommand = ctrlKey || metaKey;
    if (key === "Tab") return !shiftKey && focusUndo();
    if (isCommand && key.toLowerCase() === "a") selection.all();
    else if (key === "Escape" && selection.size) selection.clear();
    else if (!focused) return false;
    else if (key === " " && (shiftKey || isCommand)) selection.toggle(focused.key, shiftKey);
    else if (key === "Delete") remove(focused);
    else if (key === "ArrowLeft" || key === "ArrowRight") rows.moveAlong(key === "ArrowLeft" ? -1 : 1);
    else if (isCommand) return false;
    else {
      const moved = rows.move(key);
      if (moved && shiftKey) selection.extendTo(focused.key, moved.key);
      return moved;
    }
    return true;
  }

  document.querySelector("#list").addEventListener("keydown", (event) => {
    if (event.altKey || event.target.closest("thead, #empty")) return;
    if (onKey(event)) event.preventDefault();
  });
}
