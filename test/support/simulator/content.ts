// What a value says of who made it, so that each can be found again wherever it comes to.

/** Keys whose values are replaced, and keys to which numbers are added. */
export const registers = ["a", "b", "c"];
export const counters = ["x", "y"];
export const keys: readonly string[] = [...registers, ...counters];

// A number has the deed that wrote it before the additions since, each of which is a bit.
const shift = 2 ** 40;

/** What was put together into a value. */
export interface Content {
  /** The deed that wrote it; 0 if none has. */
  readonly own: number;
  /** Which of the additions to its key it contains. */
  readonly bits: readonly number[];
}

export function writeContent(key: string, client: string, id: number, before?: string): string {
  if (counters.includes(key)) return `${id * shift}`;
  return `${client}${id}${before === undefined ? "" : `|${before.split("|").slice(0, 6).join("|")}`}`;
}

/** Whether a value says that it was made of another one. */
export function isMadeOf(text: string | undefined, other: string): boolean {
  return !!text?.split("|").slice(1).includes(other.split("|")[0]!);
}

/** Reads what a value was put together of. Nothing, if it is none that anybody has written. */
export function readContent(key: string, text: string): Content | undefined {
  if (!counters.includes(key)) {
    const [, own] = /^[p-r](\d+)(\||$)/.exec(text) ?? [];
    return own === undefined ? undefined : { own: +own, bits: [] };
  }
  if (!/^\d+$/.test(text)) return undefined;
  const [own, rest] = [Math.floor(+text / shift), +text % shift];
  return { own, bits: Array.from({ length: 40 }, (_, bit) => bit).filter((bit) => Math.floor(rest / 2 ** bit) % 2) };
}
