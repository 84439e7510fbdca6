/** A part of a configuration, with its place in the file. */
export interface Part {
  /** What it is, as plain data. */
  readonly value: unknown;
  /** Where it begins: an offset in the text. */
  readonly at: number;
  /** The parts of an object, each with the place of its name. */
  readonly members?: ReadonlyMap<string, Part & { readonly nameAt: number }>;
  /** The parts of a list. */
  readonly items?: readonly Part[];
}

/** Takes a problem and its place: an offset in the text, -1 for none. */
export type Report = (at: number, problem: string) => void;
