/** What a request says about the tag of what is there, `undefined` for nothing. */
export interface Conditions {
  /** Whether it says anything. */
  readonly any: boolean;
  /** Whether it has to be, and is not, one of those that the client names. */
  misses(etag: string | undefined): boolean;
  /** Whether it is one of those that the client knows already, or does not want to be there. */
  knows(etag: string | undefined): boolean;
}

/** The headers that have them. */
export const conditionHeaders = ["if-match", "if-none-match"] as const;

/** Whether a request has conditions. */
export const isConditional = ({ headers }: Request): boolean =>
  conditionHeaders.some((name) => headers.get(name) !== null);

/** Reads the conditions of a request. A tag that a proxy made weak by compressing an answer means the same bytes. */
export function readConditions({ headers }: Request): Conditions {
  const [wanted, known] = conditionHeaders.map((name) => {
    // Not by a pattern with spaces on both sides of the comma, which goes over a run of spaces from each of them.
    const tags = headers.get(name)?.split(",").map((tag) => tag.trim().replace(/^W\//, "")); // prettier-ignore
    return tags && ((etag: string | undefined) => etag !== undefined && (tags.includes("*") || tags.includes(etag)));
  });
  return {
    any: !!(wanted ?? known),
    misses: (etag) => !!wanted && !wanted(etag),
    knows: (etag) => !!known && known(etag),
  };
}
