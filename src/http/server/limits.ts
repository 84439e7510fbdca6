/** What a batch may be longer than the values in it: so much as a call of its own takes, whatever its key. Bytes. */
export const lineRoom = 8192;

/** What is served at most at once. */
export interface Limits {
  /** The values of a batch together, and of the body of any other request: bytes. */
  readonly maxBytes: number;
  /** The items of a batch, and the entries of a page. */
  readonly maxItems: number;
  /** The streams of changes that are open. */
  readonly maxStreams: number;
}
