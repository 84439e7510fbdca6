/** What a request says about the tag of what is there, `undefined` for nothing. */
export interface Conditions {
  /** Whether it says anything. */
  readonly any: boolean;
  /** Whether it has to be, and is not, one of those that the client names. */
  misses(etag: string | undefined): boolean;
  /** Whether it is one of those that the client knows already, or does not want to be there. */
  knows(etag: string | undefined): boolean;
}

/** Reads the conditions of a request. A tag that a proxy made weak by compressing an answer means the same bytes. */
export function readConditions({ headers }: Request): Conditions {
  const [wanted, known] = ["if-match", "if-none-match"].map((name) => {
    const tags = headers.get(name)?.replaceAll("W/", "").split(/\s*,\s*/); // prettier-ignore
    return tags && ((etag: string | undefined) => etag !== undefined && (tags.includes("*") || tags.includes(etag)));
  });
  return {
    any: !!(wanted ?? known),
    misses: (etag) => !!wanted && !wanted(etag),
    knows: (etag) => !!known && known(etag),
  };
}
