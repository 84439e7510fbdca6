// Writes the pages of the API reference by TypeDoc and its Markdown plug-in, one for each door.
import { Application, Comment, Converter, ReferenceReflection, ReflectionKind } from "typedoc";
import { root } from "../../scripts/run.mjs";
import { listDoors, parts, specifier } from "./doors.mjs";
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
  const handedOn = new Set(modules.flatMap(({ references }) => references.map(({ target }) => target)));
  for (const { module, path, references } of modules) {
    for (const child of module.children.slice())
      if (child instanceof ReferenceReflection || (path in parts && !handedOn.has(child)))
        project.removeReflection(child);
    module.name = parts[path] ?? doors.get(path);
    module.comment ??= new Comment();
    if (references.length) module.comment.summary.push(...tableOf(references));
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
  return project.children.map(({ name }) => name);
}

const isPart = new Set(Object.values(parts));
// With an id of its own, which none of the names below it takes.
const titleOf = (name) => `${isPart.has(name) ? name : specifier(name)} {#top}`;
