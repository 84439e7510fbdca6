const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const byKey = (a, b) => compare(a.key, b.key);
const orders = {
  key: byKey,
  size: (a, b) => compare(a.size ?? -1, b.size ?? -1),
  expiresAt: (a, b) => compare(a.expiresAt, b.expiresAt),
};

/** Returns the entries whose keys begin with, or contain, what is searched for, in an order; what is equal goes by key. */
export function arrange(entries, { words, match, by, isDescending }) {
  const needle = words.toLowerCase();
  const isWanted = match === "prefix" ? ({ key }) => key.startsWith(words) : contains(needle);
  const found = words ? [...entries].filter(isWanted) : [...entries];
  const order = orders[by];
  const sign = isDescending ? -1 : 1;
  return found.sort((a, b) => sign * order(a, b) || byKey(a, b));
}

const contains =
  (needle) =>
  ({ key }) =>
    key.toLowerCase().includes(needle);
