const table = document.querySelector("#list table");
const body = document.querySelector("#rows");
const head = document.querySelector("#head");
const messages = document.querySelector("#messages");
// Lines beyond the edges of the window, so that a scroll finds them there.
const spare = 6;

/** The lower edge of what stays above the list while the page scrolls. */
function findEdge() {
  const isStuck = getComputedStyle(table.tHead).position === "sticky";
  return (parseFloat(getComputedStyle(head).top) || 0) + head.offsetHeight + (isStuck ? table.tHead.offsetHeight : 0);
}

/** Which of so many lines, all of the same height, are in view of the window. */
export function createViewport() {
  let height = 36;
  const findTop = () => body.getBoundingClientRect().top;

  return {
    /** The lines in view, and some beyond: from the first on, up to but without the last. */
    range(length) {
      const top = findTop();
      const last = Math.min(length, Math.max(0, Math.ceil((innerHeight - top) / height)) + spare);
      return [Math.max(0, Math.min(Math.floor(-top / height) - spare, last - 1)), last];
    },
    /** The first line that is whole in view, if the list has been scrolled. */
    anchor() {
      const above = findEdge() - findTop();
      return above > 0 ? Math.ceil(above / height) : undefined;
    },
    /** How many lines a page has. */
    get page() {
      return Math.max(1, Math.floor((messages.getBoundingClientRect().top - findEdge()) / height) - 1);
    },
    /** Makes the list as high as so many lines, with the first of those in view at its place; returns whether that has to be done again. */
    fit(length, first) {
      body.style.paddingTop = `${first * height}px`;
      body.style.height = `${length * height}px`;
      const measured = body.firstElementChild?.getBoundingClientRect().height;
      if (!measured || Math.abs(measured - height) < 0.1) return false;
      height = measured;
      return true;
    },
    /** Scrolls the page by so many lines. */
    scrollBy: (lines) => scrollBy({ top: lines * height, behavior: "instant" }),
    /** Scrolls no further than is needed to have a line in view. */
    scrollTo(index) {
      const top = findTop() + index * height;
      const above = top - findEdge();
      const below = top + height - messages.getBoundingClientRect().top;
      if (above < 0) scrollBy({ top: above, behavior: "instant" });
      else if (below > 0) scrollBy({ top: below, behavior: "instant" });
    },
  };
}
