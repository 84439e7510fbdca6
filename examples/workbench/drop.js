/** Takes files that are dropped anywhere on the page, and says so while they hover. */
export function acceptDrops(take, words) {
  const target = document.querySelector("#drop-target");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const show = (isOver) => {
    depth = isOver ? depth : 0;
    target.hidden = !isOver;
  };
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event) || document.querySelector("dialog[open]")) return;
    depth++;
    target.firstElementChild.textContent = words;
    show(true);
  });
  addEventListener("dragleave", (event) => {
    if (hasFiles(event) && --depth <= 0) show(false);
  });
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(false);
    if (!document.querySelector("dialog[open]")) take([...event.dataTransfer.files]);
  });
}
