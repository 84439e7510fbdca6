import { readContent, type Content } from "./content.ts";

export type Kind = "set" | "update" | "delete" | "add" | "touch";

/** What somebody did to one key. */
export interface Deed {
  readonly id: number;
  readonly client: string;
  readonly key: string;
  kind: Kind;
  /** Which bit it adds. */
  readonly bit: number;
  /** When it was committed here: before all with a greater number. */
  order?: number;
  isAcknowledged: boolean;
  /** What its client had known of the key when it was committed. */
  known: ReadonlySet<string>;
  /** What it saw, and put an end to. */
  saw: readonly number[];
  /** When what it wrote ends, by the clock of its client. */
  expiresAt: number;
}

/** All that was done, and how it is found again in values. */
export interface Book {
  readonly deeds: ReadonlyMap<number, Deed>;
  begin(client: string, key: string, kind: Kind): Deed;
  /** The deeds that a value has come from. */
  idsIn(key: string, text: string | undefined): number[];
  /** What the server will never take, and what is too large for it. */
  readonly poison: Set<number>;
  readonly tooLarge: Set<number>;
  isPoison(key: string, text: string | undefined, by: number | undefined): boolean;
  isTooLarge(key: string, text: string | undefined, by: number | undefined): boolean;
}

export function createBook(fail: (text: string) => void): Book {
  const deeds = new Map<number, Deed>();
  // Which deed adds a bit to a key.
  const bits = new Map<string, number[]>();
  const poison = new Set<number>();
  const tooLarge = new Set<number>();

  /** The deeds that a value has come from. */
  function idsOf(key: string, { own, bits: found }: Content): number[] {
    const added = bits.get(key) ?? [];
    return [...(own ? [own] : []), ...found.map((bit) => added[bit] ?? -1)];
  }

  function idsIn(key: string, text: string | undefined): number[] {
    if (text === undefined) return [];
    const content = readContent(key, text);
    const ids = content ? idsOf(key, content) : [-1];
    if (ids.some((id) => !deeds.has(id))) fail(`${key} has ${text}, which nobody has written`);
    return ids.filter((id) => deeds.has(id));
  }

  const has = (set: ReadonlySet<number>, key: string, text: string | undefined, by: number | undefined): boolean =>
    !!set.size && idsIn(key, text ?? (by === undefined ? undefined : `${by}`)).some((id) => set.has(id));

  return {
    deeds,
    idsIn,
    poison,
    tooLarge,
    isPoison: (...given) => has(poison, ...given),
    isTooLarge: (...given) => has(tooLarge, ...given),
    begin(client, key, kind) {
      const added = bits.get(key) ?? [];
      bits.set(key, added);
      const id = deeds.size + 1;
      const bit = kind === "add" ? added.push(id) - 1 : 0;
      const deed: Deed = {
        id,
        client,
        key,
        kind,
        bit,
        isAcknowledged: false,
        known: new Set(),
        saw: [],
        expiresAt: Infinity,
      };
      deeds.set(id, deed);
      return deed;
    },
  };
}
