import type { Document, Node } from "yaml";
import { quote } from "../../core/error.ts";
import type { Part, Report } from "./part.ts";

// More than anybody writes; less than what an alias of aliases of aliases would make.
const maxParts = 10_000;

/**
 * Reads a node of YAML into plain data that knows its places, with the variables of the environment in it. A text that is
 * one variable and nothing else, without quotes, is read as if the variable's text stood there.
 */
export async function createPartReader(
  document: Document,
  env: Readonly<Record<string, string | undefined>>,
  report: Report,
): Promise<(node: Node | null) => Part> {
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

  function readText(text: string, at: number, isPlain: boolean): unknown {
    if (!text.includes("${")) return text;
    const replaced = replaceVariables(text, at);
    if (!isPlain || !/^\$\{\w+\}$/.test(text)) return replaced;
    if (/^(true|false)$/.test(replaced)) return replaced === "true";
    return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(replaced) && String(Number(replaced)) === replaced
      ? Number(replaced)
      : replaced;
  }

  function readPart(node: Node | null, at: number, around: readonly Node[]): Part {
    const start = node?.range?.[0] ?? at;
    if (++parts > maxParts) {
      if (parts === maxParts + 1) report(start, `expected at most ${maxParts} parts, with what aliases repeat`);
      return { value: undefined, at: start };
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target && !around.includes(target)) return { ...readPart(target, start, [...around, target]), at: start };
      report(start, `expected an anchor before and outside of its alias ${quote(node.source)}`);
      return { value: undefined, at: start };
    }
    if (isMap(node)) {
      const members = new Map<string, Part & { nameAt: number }>();
      for (const { key, value } of node.items) {
        const nameAt = (key as Node | null)?.range?.[0] ?? start;
        const name = isScalar(key) ? String(key.value) : undefined;
        if (name === undefined) report(nameAt, "expected a name");
        else members.set(name, { ...readPart(value as Node | null, nameAt, [...around, node]), nameAt });
      }
      // Object.fromEntries defines what it is given, __proto__ too.
      return { value: Object.fromEntries([...members].map(([name, { value }]) => [name, value])), at: start, members };
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => readPart(item as Node | null, start, [...around, node]));
      return { value: items.map(({ value }) => value), at: start, items };
    }
    const value = isScalar(node) ? node.value : null;
    const isPlain = isScalar(node) && node.type === "PLAIN";
    return { value: typeof value === "string" ? readText(value, start, isPlain) : value, at: start };
  }

  return (node) => readPart(node, 0, []);
}
