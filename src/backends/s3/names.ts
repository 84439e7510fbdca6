// What a segment of a name may be long: some servers keep it as the name of a file.
const longest = 200;
// How much of a longer one stays as it is, so that a listing finds it by its beginning.
const kept = 150;
// What stands in a name as it is, everywhere and by the advice of S3's documents. Each other byte becomes "!" and two hex digits,
// so that no key makes a path, a "..", or a name that a server would not keep beside another ("a" and "a/b").
const plain = /^(?:[\w.-]|![0-9a-f]{2})+$/;
// How much time the deadlines have in common that are marked under one name: ms. A value that is refreshed many times in it
// leaves one mark, and a sweep looks at what expires within it a little too early.
const slice = 2 ** 15;

/** What the objects of a store are called, all below its prefix. */
export interface Names {
  /** The object of a key. */
  ofKey(key: string): Promise<string>;
  /** The key of an object's name, or `undefined` if the name does not say it. */
  keyOf(name: string): string | undefined;
  /** How the names begin of all keys with a prefix: of those, and possibly of others. */
  ofPrefix(prefix: string): string;
  /** The object that marks for sweeping when an object's entry expires; `undefined` if it never does. */
  ofMark(name: string, expiresAt: number): string | undefined;
  /** What a mark says: whose it is, and from when until when the deadlines are that it stands for. */
  readMark(mark: string): { name: string; from: number; until: number; width: number } | undefined;
  /** How the names of all values begin, and those of all marks, which are in the order of their time. */
  readonly values: string;
  readonly marks: string;
  /** Returns a new name for an object that is there for a moment only. */
  ofProbe(): string;
}

/** Returns the names of the store below a prefix. */
export function createNames(prefix: string): Names {
  const values = `${prefix}v/`;
  const marks = `${prefix}e/`;

  return {
    async ofKey(key) {
      const text = encode(key);
      return values + (text.length <= longest ? text : `${text.slice(0, kept)}!!${await digest(key)}`);
    },
    keyOf(name) {
      const text = name.slice(values.length);
      const key = plain.test(text) ? decode(text) : undefined;
      return key !== undefined && encode(key) === text ? key : undefined;
    },
    ofPrefix: (prefix) => values + encode(prefix).slice(0, kept),
    ofMark(name, expiresAt) {
      if (expiresAt === Infinity || expiresAt <= 0) return undefined;
      return `${marks}${String(Math.floor(expiresAt / slice)).padStart(12, "0")}/${name.slice(values.length)}`;
    },
    readMark(mark) {
      const [, number, text] = /^(\d{12})\/(.+)$/.exec(mark.slice(marks.length)) ?? [];
      return number && text
        ? { name: values + text, from: Number(number) * slice, until: (Number(number) + 1) * slice, width: slice }
        : undefined;
    },
    values,
    marks,
    ofProbe: () => `${prefix}p/${crypto.randomUUID()}`,
  };
}

function encode(key: string): string {
  let text = "";
  for (const byte of new TextEncoder().encode(key)) {
    const character = String.fromCharCode(byte);
    // At the beginning a dot would hide the name, or be a path.
    const isPlain = /[\w-]/.test(character) || (character === "." && text !== "");
    text += isPlain ? character : `!${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

function decode(text: string): string | undefined {
  const bytes = Array.from(text.matchAll(/!(..)|./g), ([character, hex]) =>
    hex === undefined ? character.charCodeAt(0) : Number.parseInt(hex, 16),
  );
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}

async function digest(key: string): Promise<string> {
  return toBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key))));
}

/** Writes bytes in the alphabet of URLs. */
export function toBase64(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Reads what {@link toBase64} wrote. */
export function fromBase64(text: string): Uint8Array {
  // Whatever is cut off at the end is no byte.
  const whole = text.slice(0, text.length - (text.length % 4 === 1 ? 1 : 0));
  const binary = atob(whole.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
