// Writes the pages of the API reference by TypeDoc and its Markdown plug-in, one for each door.
import { Application, Comment, Converter, ReferenceReflection, ReflectionKind } from "typedoc";
import { writeFileSync } from "node:fs";
import { root } from "../../scripts/run.mjs";
import { abouts, groups, listDoors, parts, specifier } from "./doors.mjs";
import { Theme } from "./theme.mjs";

const text = (words) => ({ kind: "text", text: words });
const commentOf = (reflection) => reflection.comment ?? reflection.signatures?.[0]?.comment;

/** The first sentence of a comment, as parts that keep their links. */
function firstSentence(comment) {
  const found = [];
  for (const part of comment?.summary ?? []) {
    const end = part.kind === "text" ? part.text.search(/\.(?=\s|$)/) : -1;
    const words = end < 0 ? part.text : part.text.slice(0, end + 1);
    found.push({ ...part, text: words.replaceAll("\n", " ").replaceAll("|", "\\|") });
    if (end >= 0) break;
  }
  return found;
}

/** Rows of a table that lead to what a door hands on from others. */
function tableOf(references) {
  const rows = references.flatMap(({ name, target }) => {
    const shown = target.kindOf(ReflectionKind.Function) ? `${name}()` : name;
    const link = { kind: "inline-tag", tag: "@linkcode", text: shown, target };
    return [text("| "), link, text(" | "), ...firstSentence(commentOf(target)), text(" |\n")];
  });
  return [text("| | |\n|---|---|\n"), ...rows];
}

/** How a page begins: the line that imports what it is about, and where else that is. */
function importOf(module, door, others) {
  const { children = [] } = module;
  const values = children.filter((child) => !child.kindOf(ReflectionKind.Interface | ReflectionKind.TypeAlias));
  const names = (values.length ? values : children).map(({ name }) => name);
  if (!names.length) return [];
  const word = values.length ? "import" : "import type";
  const line = `${word} { ${names.join(", ")} } from "${specifier(door)}";`;
  const shown = line.length < 90 ? `\`\`\`ts\n${line}\n\`\`\`` : `Import these names from \`${specifier(door)}\`.`;
  const also = others.length ? `\n\nAlso in ${others.map((other) => `\`${specifier(other)}\``).join(", ")}.` : "";
  return [text(`${shown}${also}\n\n`)];
}

/** What a module is about, in plain words: the first sentence of its first name. */
function aboutOf(module) {
  const [first] = [ReflectionKind.Function, ReflectionKind.Class, ReflectionKind.All]
    .flatMap((kind) => (module.children ?? []).filter((child) => child.kindOf(kind)))
    .filter(commentOf);
  return firstSentence(first && commentOf(first))
    .map((part) => (part.kind === "inline-tag" ? `\`${part.text}\`` : part.text))
    .join("");
}

/** Writes the first page of the reference: every door, and what it is about. */
function writeIndex(folder, pages) {
  const sections = groups.map(([title, pattern]) => {
    const rows = pages.filter(({ name }) => pattern.test(name));
    const lines = rows.map(({ name, about }) => `| [${name}](./${name}.md) | ${about} |`);
    return [`## ${title}`, "", "| | |", "|---|---|", ...lines].join("\n");
  });
  writeFileSync(`${folder}/index.md`, ["# API reference", ...sections].join("\n\n"));
}

/** What a module hands on from others. */
const handedOnBy = (module) =>
  module.children
    .filter((child) => child instanceof ReferenceReflection)
    .map((child) => ({ name: child.name, target: child.getTargetReflectionDeep() }));

/**
 * Names the modules as their doors, takes from the parts of the main door what no door hands on, and makes a table of what
 * a door hands on.
 */
function arrange(project, doors) {
  const modules = project.children.map((module) => ({ module, path: module.name, references: handedOnBy(module) }));
  const handedOn = new Map();
  for (const { path, references } of modules)
    for (const { target } of references)
      if (doors.has(path)) handedOn.set(target, [...(handedOn.get(target) ?? []), doors.get(path)]);
  for (const { module, path, references } of modules) {
    for (const child of module.children.slice())
      if (child instanceof ReferenceReflection || (path in parts && !handedOn.has(child)))
        project.removeReflection(child);
    module.name = parts[path] ?? doors.get(path);
    module.comment ??= new Comment();
    const others = handedOn.get(module.children?.[0]) ?? [];
    const door = doors.get(path) ?? others.shift();
    module.comment.summary.push(...importOf(module, door, others));
    if (references.length && !(path in parts)) module.comment.summary.push(...tableOf(references));
  }
}

/** Says what a store has once, not on each interface that extends it, and defaults in the words that tables look for. */
function tidy(project) {
  for (const reflection of Object.values(project.reflections)) {
    for (const tag of reflection.comment?.blockTags ?? []) {
      if (tag.tag !== "@default") continue;
      tag.tag = "@defaultValue";
      const words = tag.content
        .map((part) => part.text)
        .join("")
        .trim()
        .replaceAll("\n", " ");
      tag.content = [text(/^[^\s`]+$/.test(words) ? `\`${words}\`` : words)];
    }
    const isMethod = reflection.kindOf(ReflectionKind.Method);
    const isOfError = reflection.parent?.kindOf(ReflectionKind.Class) && reflection.inheritedFrom;
    if ((isMethod && reflection.inheritedFrom) || isOfError) project.removeReflection(reflection);
  }
}

/** Puts what the page about stores is about before what it takes and returns. */
function putStoreFirst(project) {
  const { groups } = project.getChildByName("store");
  const rank = ({ children }) => children.some(({ name }) => name === "Store");
  groups.sort((a, b) => rank(b) - rank(a));
  for (const { children } of groups) children.sort((a, b) => (b.name === "Store") - (a.name === "Store"));
}

/** Writes the pages into a folder. Resolves with the names of the pages, without their extension. */
export async function writeReference(folder) {
  const doors = listDoors();
  const entryPoints = [...Object.keys(parts), ...doors.keys()].map((module) => `${root}src/${module}.ts`);
  const application = await Application.bootstrapWithPlugins({
    plugin: ["typedoc-plugin-markdown"],
    entryPoints,
    tsconfig: `${root}site/tsconfig.json`,
    basePath: `${root}src`,
    // Types are checked by a test of their own.
    skipErrorChecking: true,
    readme: "none",
    disableSources: true,
    excludePrivate: true,
    githubPages: false,
    excludeExternals: true,
    excludeNotDocumented: false,
    jsDocCompatibility: { defaultTag: false },
    sort: ["kind", "source-order"],
    kindSortOrder: ["Function", "Class", "Variable", "Interface", "TypeAlias"],
    groupOrder: ["Functions", "Classes", "Variables", "Interfaces", "Type Aliases"],
    theme: "shelflife",
    router: "module",
    logLevel: "Error",
  });
  const { options } = application;
  const set = {
    hideBreadcrumbs: true,
    hidePageHeader: true,
    hideGroupHeadings: true,
    useCodeBlocks: true,
    expandParameters: true,
    expandObjects: true,
    parametersFormat: "none",
    interfacePropertiesFormat: "table",
    typeDeclarationFormat: "table",
    sanitizeComments: true,
    useCustomAnchors: true,
    entryFileName: "index",
    tableColumnSettings: { hideInherited: true, hideOverrides: true, hideModifiers: true },
    pageTitleTemplates: { index: "API reference", module: ({ rawName }) => titleOf(rawName) },
  };
  for (const [name, value] of Object.entries(set)) options.setValue(name, value);
  application.renderer.defineTheme("shelflife", Theme);
  application.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => arrange(project, doors));
  // Before what has been found is put into groups.
  application.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => tidy(project), 1000);
  const project = await application.convert();
  if (!project) throw new Error("Cannot convert the docstrings: expected sources that TypeScript can read");
  putStoreFirst(project);
  options.setValue("outputs", [{ name: "markdown", path: folder }]);
  await application.generateOutputs(project);
  const pages = project.children.map((module) => ({
    name: module.name,
    about: abouts[module.name] ?? aboutOf(module),
  }));
  writeIndex(folder, pages);
  return pages.map(({ name }) => name);
}

// With an id of its own, which none of the names below it takes.
const titleOf = (name) => `${name} {#top}`;
