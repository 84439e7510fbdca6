/** Who this replica is to the other side, and what is on its way there: one row, by which everything else is in step. */
export interface Identity {
  /** The name that the other side gave. */
  readonly name: string;
  readonly scope: string;
  /** The number of the last push. */
  readonly sequence: number;
  readonly maxBytes: number;
  readonly maxItems: number;
  /** What is on its way, fixed before it is sent. The values are in the records. */
  readonly batch?: Batch | undefined;
}

export interface Batch {
  readonly nonce: string;
  readonly items: readonly Item[];
}

/** The first slot of a record: of which key, under which mark, which one, and what was confirmed when it was put in. */
export type Item = readonly [key: string, mark: string, id: string, n: string];
