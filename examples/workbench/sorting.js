/** The order of the list, chosen at the head of a column or, where there is none, in a list of orders. */
export function createSorting(changed) {
  const select = document.querySelector("#sort");
  const buttons = [...document.querySelectorAll("th [data-by]")];
  let by = "key";
  let isDescending = false;

  function choose(wanted, descending) {
    by = wanted;
    isDescending = descending;
    show();
    changed();
  }

  function show() {
    select.value = `${by} ${isDescending ? "down" : "up"}`;
    for (const button of buttons) {
      const isSorted = button.dataset.by === by;
      const head = button.closest("th");
      if (isSorted) head.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const isSame = button.dataset.by === by;
      // Of sizes one looks for the largest.
      choose(button.dataset.by, isSame ? !isDescending : button.dataset.by === "size");
    });
  }
  select.addEventListener("change", () => {
    const [wanted, direction] = select.value.split(" ");
    choose(wanted, direction === "down");
  });
  show();

  return {
    /** Which of the orders it is. */
    get order() {
      return { by, isDescending };
    },
  };
}
