// What the doors of the package export, as a reader of src finds it.
import { dirname, join } from "node:path/posix";
import { readFileSync } from "node:fs";
import { readTree, root } from "../architecture/tree.ts";

/** A public name, and where it is declared. */
export interface PublicExport {
  readonly name: string;
  /** The modules of src that are doors and export it. */
  readonly doors: readonly string[];
  readonly file: string;
  readonly isType: boolean;
  /** The docstring above it, without its stars. */
  readonly docstring: string;
}

type Declared = Omit<PublicExport, "doors">;

const word = "(?:declare )?(?:async )?(function\\*?|const|class|interface|type)";
const sources = readTree("src");

/** Lists the modules that can be imported by a name, from the `exports` of package.json. */
export function listDoors(): string[] {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
    exports: Record<string, { default?: string } | null>;
  };
  const targets = Object.values(exports).map((target) => target?.default?.replace("./dist/", "src/"));
  const patterns = targets
    .filter((target) => target !== undefined)
    .map((target) => new RegExp(`^${target.replace("*", "[^/]+").replace(/\.js$/, "\\.ts")}$`));
  return [...sources.keys()].filter((path) => patterns.some((pattern) => pattern.test(path)));
}

/** Finds what a module declares, exported or not. */
function declaredIn(file: string): Map<string, Declared> {
  const pattern = new RegExp(
    `(?:^/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n(?://.*\\n)*)?^(?:export )?${word} (\\w+)`, // prettier-ignore
    "gm",
  );
  const found = new Map<string, Declared>();
  for (const [, comment = "", kind, name] of sources.get(file)!.matchAll(pattern)) {
    const docstring = comment.replaceAll(/^ *\* ?/gm, "").trim();
    const isType = kind === "interface" || kind === "type";
    // An overload that says nothing stands beside one that does.
    if (docstring || !found.has(name!)) found.set(name!, { name: name!, file, isType, docstring });
  }
  return found;
}

const namesOf = (list: string): [from: string, as: string][] =>
  list
    .split(",")
    .map((text) => text.trim().replace(/^type /, ""))
    .filter(Boolean)
    .map((text) => text.split(" as "))
    .map(([from, as]) => [from!, as ?? from!]);

/** Finds what a module exports, its own and what it hands on. */
function exportedBy(file: string): Map<string, Declared> {
  const source = sources.get(file)!;
  const own = declaredIn(file);
  const found = new Map<string, Declared>();
  const add = (as: string, declared: Declared | undefined): void => {
    if (declared) found.set(as, { ...declared, name: as });
  };
  const of = (path: string): Map<string, Declared> => exportedBy(join(dirname(file), path));
  for (const [, , name] of source.matchAll(new RegExp(`^export ${word} (\\w+)`, "gm"))) add(name!, own.get(name!));
  const imported = new Map<string, Declared | undefined>();
  for (const [, list, path] of source.matchAll(/^import (?:type )?\{([^}]*)\} from "(\.[^"]+)"/gm))
    for (const [from, as] of namesOf(list!)) imported.set(as, declaredIn(join(dirname(file), path!)).get(from));
  for (const [, list, path] of source.matchAll(/^export (?:type )?\{([^}]*)\}(?: from "([^"]+)")?;/gm))
    for (const [from, as] of namesOf(list!))
      if (!path) add(as, imported.get(from) ?? own.get(from));
      else if (path.startsWith(".")) add(as, of(path).get(from));
  for (const [, path] of source.matchAll(/^export (?:type )?\* from "(\.[^"]+)";/gm))
    for (const [name, declared] of of(path!)) if (!found.has(name)) add(name, declared);
  return found;
}

/** Lists every public name once. */
export function listPublicExports(): PublicExport[] {
  const found = new Map<string, PublicExport>();
  for (const door of listDoors())
    for (const [name, declared] of exportedBy(door)) {
      const id = `${declared.file} ${name}`;
      found.set(id, { ...declared, doors: [...(found.get(id)?.doors ?? []), door] });
    }
  return [...found.values()];
}
