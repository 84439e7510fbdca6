/** An element of a document: its text, or the elements in it. */
export interface Element {
  readonly name: string;
  readonly text: string;
  readonly children: readonly Element[];
}

// All that is in an answer of S3: tags, text between them, and what may stand before the first. A DOCTYPE is not among it,
// so that there are no entities but the five, and nothing to follow.
const token = /<\?xml[^<>]*\?>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s[^<>]*?)?)(\/?)>|([^<]+)/y;
const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Reads a document as S3 writes it. Returns `undefined` for anything else. */
export function parseXml(text: string): Element | undefined {
  const root = open("");
  const stack = [root];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (!found) return undefined;
    const [, end, name, , empty, content] = found;
    const parent = stack.at(-1)!;
    if (content !== undefined) {
      const plain = decode(content);
      if (plain === undefined || (parent === root && plain.trim() !== "")) return undefined;
      parent.text += plain;
    } else if (end) {
      if (stack.length === 1 || stack.pop()!.name !== name) return undefined;
    } else if (name !== undefined) {
      const element = open(name);
      parent.children.push(element);
      if (!empty) stack.push(element);
    } else if (found.index > 0) {
      return undefined;
    }
  }
  return stack.length === 1 && root.children.length === 1 ? root.children[0] : undefined;
}

/** The text of the first element of that name in another, or `undefined`. */
export function textOf(parent: Element | undefined, name: string): string | undefined {
  return parent?.children.find((child) => child.name === name)?.text;
}

function open(name: string): { name: string; text: string; children: Element[] } {
  return { name, text: "", children: [] };
}

function decode(text: string): string | undefined {
  let isGood = true;
  const plain = text.replace(/&([^;&\s]{0,10};?)/g, (_, reference: string) => {
    const known = reference.endsWith(";") ? resolve(reference.slice(0, -1)) : undefined;
    isGood &&= known !== undefined;
    return known ?? "";
  });
  return isGood ? plain : undefined;
}

function resolve(reference: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(reference) ?? [];
  if (hex === undefined && decimal === undefined)
    return Object.hasOwn(entities, reference) ? entities[reference] : undefined;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
