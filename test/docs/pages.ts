import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { root } from "../architecture/tree.ts";

/** A page in Markdown: its path from the project's folder, and its text. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** The pages below a folder, but for what is installed, made by a generator, or hidden. */
export function pagesIn(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".md") && !/\/(?:node_modules|api|\.[^/]*)\//.test(path))
    .sort();
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(root + path, "utf8") };
}

/** A page without its blocks of code and spans of code, in which nothing is a link. */
const prose = (text: string): string => text.replaceAll(/^```[^]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "code");

/** The names by which a page's headings are linked to: as GitHub makes them, the second of the same with a number. */
export function anchorsOf(text: string): Set<string> {
  const counts = new Map<string, number>();
  const headings = text.replaceAll(/^```[^]*?^```$/gm, "").matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading]) => {
      const anchor = heading!
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-");
      const before = counts.get(anchor) ?? 0;
      counts.set(anchor, before + 1);
      return before ? `${anchor}-${before}` : anchor;
    }),
  );
}

/** The targets of a page's links and pictures. */
export function targetsOf(text: string): string[] {
  const written = prose(text);
  return [
    ...[...written.matchAll(/\]\(([^)\s]*)\)/g)].map(([, target]) => target!),
    ...[...written.matchAll(/\b(?:src|srcset|href)="([^"]*)"/g)].map(([, target]) => target!),
    ...[...written.matchAll(/^\[[^\]]+\]: (\S+)$/gm)].map(([, target]) => target!),
  ];
}

/** Says what is wrong with a page's links: a file, a folder or a heading that is not there, an address that is none. */
export function brokenLinks({ path, text }: Page, read: (path: string) => string | undefined): string[] {
  return targetsOf(text).flatMap((target) => {
    const wrong = (why: string): string[] => [`${path}: ${target} ${why}`];
    if (/^[a-z][a-z\d+.-]*:/i.test(target)) return isAddress(target) ? [] : wrong("is no address");
    if (target.startsWith("/")) return wrong("is not relative");
    const [file, anchor] = target.split("#") as [string, string?];
    const to = file ? posix.join(posix.dirname(path), file) : path;
    if (to.startsWith("..")) return wrong("leads out of the project");
    const found = to === path ? text : read(to);
    if (found === undefined) return wrong("is not there");
    if (anchor !== undefined && !anchorsOf(found).has(anchor)) return wrong("has no such heading");
    return [];
  });
}

/** The text of a file that a link leads to, empty for a folder; `undefined` where there is neither. */
export function readTarget(path: string): string | undefined {
  if (!existsSync(root + path)) return undefined;
  return path.endsWith(".md") ? readFileSync(root + path, "utf8") : "";
}

/** Whether an address of another site is whole, by its form alone. */
function isAddress(target: string): boolean {
  if (!URL.canParse(target)) return false;
  const url = new URL(target);
  return url.protocol === "https:" && url.hostname.includes(".") && !/[<>{}|\\^]/.test(target);
}
