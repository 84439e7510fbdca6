import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, with a slash at its end. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The text of each source file, by its path from the project's folder. */
export type Tree = ReadonlyMap<string, string>;

/** One import, re-export or `import()` of a module. */
export interface Import {
  readonly from: string;
  /** The path of a file, or the name of a package. */
  readonly to: string;
  readonly isType: boolean;
  /** Whether it is imported when it is needed, and not with the file. */
  readonly isLate: boolean;
}

/** Reads the source files of some folders. */
export function readTree(...folders: readonly string[]): Tree {
  const names = folders.flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  );
  const sources = names
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.(ts|mjs|js)$/.test(name) && !name.includes("node_modules/"))
    // Its trees are made up.
    .filter((name) => name !== "test/architecture/architecture.test.ts");
  return new Map(sources.sort().map((name) => [name, readFileSync(root + name, "utf8")]));
}

/** Code without comments, so that what a docstring shows is no import. */
export function code(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** The imports of every file: those of files as paths from the project's folder, all others as they are written. */
export function importsOf(tree: Tree): Import[] {
  return [...tree].flatMap(([from, text]) => {
    const bare = code(text);
    const fixed = [...bare.matchAll(/^(?:import|export)\s+(type\s)?(?:[\w$*{},\s]+\sfrom\s+)?"([^"]+)";/gm)];
    const late = [...bare.matchAll(/(typeof\s+)?\bimport\(\s*"([^"]+)"\s*\)/g)];
    return [
      ...fixed.map(([, type, name]) => ({ from, to: resolve(from, name!), isType: type !== undefined, isLate: false })),
      ...late.map(([, type, name]) => ({ from, to: resolve(from, name!), isType: type !== undefined, isLate: true })),
    ];
  });
}

function resolve(from: string, name: string): string {
  return name.startsWith(".") ? posix.join(posix.dirname(from), name) : name;
}
