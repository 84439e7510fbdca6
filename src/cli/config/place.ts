import type { Document, Node } from "yaml";
import { quote } from "../../core/error.ts";

/** A part of a configuration, with its place in the file. */
export interface Placed {
  /** What it is, as plain data. */
  readonly value: unknown;
  /** Where it begins: an offset in the text. */
  readonly at: number;
  /** The parts of an object, each with the place of its name. */
  readonly members?: ReadonlyMap<string, Placed & { readonly nameAt: number }>;
  /** The parts of a list. */
  readonly items?: readonly Placed[];
}

/** Is told of something wrong at a place. */
export type Report = (at: number, problem: string) => void;

// More than anybody writes; less than what an alias of aliases of aliases would make.
const maxParts = 10_000;

/**
 * Reads a node of YAML into plain data that knows its places, with the variables of the environment in it. A text that is
 * one variable and nothing else, without quotes, is read as if the variable's text stood there.
 */
export async function createPlacer(
  document: Document,
  env: Readonly<Record<string, string | undefined>>,
  report: Report,
): Promise<(node: Node | null) => Placed> {
  const { isAlias, isMap, isScalar, isSeq } = await import("yaml");
  let parts = 0;

  function replaceVariables(text: string, at: number): string {
    return text.replace(/\$(\$?)\{([^}]*)\}/g, (whole, escaped: string, name: string) => {
      if (escaped) return whole.slice(1);
      if (!/^\w+$/.test(name)) report(at, `expected \${NAME} with the name of a variable, got ${quote(whole)}`);
      else if (env[name] === undefined) report(at, `expected the environment variable ${name} to be set`);
      return env[name] ?? "";
    });
  }

  function placeText(text: string, at: number, isPlain: boolean): unknown {
    if (!text.includes("${")) return text;
    const replaced = replaceVariables(text, at);
    if (!isPlain || !/^\$\{\w+\}$/.test(text)) return replaced;
    if (/^(true|false)$/.test(replaced)) return replaced === "true";
    return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(replaced) && String(Number(replaced)) === replaced
      ? Number(replaced)
      : replaced;
  }

  function place(node: Node | null, at: number, around: readonly Node[]): Placed {
    const start = node?.range?.[0] ?? at;
    if (++parts > maxParts) {
      if (parts === maxParts + 1) report(start, `expected at most ${maxParts} parts, with what aliases repeat`);
      return { value: undefined, at: start };
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target && !around.includes(target)) return { ...place(target, start, [...around, target]), at: start };
      report(start, `expected an anchor before and outside of its alias ${quote(node.source)}`);
      return { value: undefined, at: start };
    }
    if (isMap(node)) {
      const members = new Map<string, Placed & { nameAt: number }>();
      for (const { key, value } of node.items) {
        const nameAt = (key as Node | null)?.range?.[0] ?? start;
        const name = isScalar(key) ? String(key.value) : undefined;
        if (name === undefined) report(nameAt, "expected a name");
        else members.set(name, { ...place(value as Node | null, nameAt, [...around, node]), nameAt });
      }
      // Object.fromEntries defines what it is given, __proto__ too.
      return { value: Object.fromEntries([...members].map(([name, { value }]) => [name, value])), at: start, members };
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => place(item as Node | null, start, [...around, node]));
      return { value: items.map(({ value }) => value), at: start, items };
    }
    const value = isScalar(node) ? node.value : null;
    const isPlain = isScalar(node) && node.type === "PLAIN";
    return { value: typeof value === "string" ? placeText(value, start, isPlain) : value, at: start };
  }

  return (node) => place(node, 0, []);
}
