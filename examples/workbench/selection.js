/** Which entries are selected, by their keys. `changed` is called when that is others. */
export function createSelection(rows, changed) {
  const all = document.querySelector("#select-all");
  const keys = new Set();
  let anchor;

  function show() {
    const { length } = rows().list;
    all.checked = length > 0 && keys.size === length;
    all.indeterminate = keys.size > 0 && keys.size < length;
    changed();
  }

  function set(key, isSelected) {
    if (isSelected) keys.add(key);
    else keys.delete(key);
  }

  /** Selects, or not, what lies between the last one and this. */
  function setRange(key, isSelected) {
    const { list } = rows();
    const [one, other] = [anchor, key].map((wanted) => list.findIndex((entry) => entry.key === wanted));
    if (one < 0) return set(key, isSelected);
    for (const entry of list.slice(Math.min(one, other), Math.max(one, other) + 1)) set(entry.key, isSelected);
  }

  function setAll(isSelected) {
    keys.clear();
    if (isSelected) for (const { key } of rows().list) keys.add(key);
    show();
  }

  all.addEventListener("change", () => setAll(all.checked));

  return {
    has: (key) => keys.has(key),
    get size() {
      return keys.size;
    },
    /** The entries that are selected, in the order of the list. */
    get entries() {
      return rows().list.filter(({ key }) => keys.has(key));
    },
    /** Turns one over, or with `isRange` all from the last one to it. */
    toggle(key, isRange = false) {
      const isSelected = !keys.has(key);
      if (isRange) setRange(key, isSelected);
      else set(key, isSelected);
      anchor = key;
      show();
    },
    /** Selects from the last one to this. */
    extendTo(from, key) {
      anchor ??= from;
      setRange(key, true);
      set(from, true);
      anchor = key;
      show();
    },
    all: () => setAll(true),
    clear() {
      anchor = undefined;
      if (keys.size) setAll(false);
      else show();
    },
    /** Forgets what is no longer there. */
    update() {
      if (keys.size) {
        const there = new Set(rows().list.map(({ key }) => key));
        for (const key of keys) if (!there.has(key)) keys.delete(key);
      }
      show();
    },
  };
}
