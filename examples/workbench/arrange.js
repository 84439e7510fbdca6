const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const byKey = (a, b) => compare(a.key, b.key);
const orders = {
  key: byKey,
  size: (a, b) => compare(a.size ?? -1, b.size ?? -1) || byKey(a, b),
  expiresAt: (a, b) => compare(a.expiresAt, b.expiresAt) || byKey(a, b),
};

/** Returns the entries whose keys begin with, or contain, what is searched for, in an order. */
export function arrange(entries, { words, match, by, isDescending }) {
  const needle = words.toLowerCase();
  const isWanted = match === "prefix" ? ({ key }) => key.startsWith(words) : contains(needle);
  const found = words ? [...entries].filter(isWanted) : [...entries];
  const order = orders[by];
  return found.sort(isDescending ? (a, b) => order(b, a) : order);
}

const contains =
  (needle) =>
  ({ key }) =>
    key.toLowerCase().includes(needle);
