// Gathers the pages of the site: those of docs, some that stand elsewhere in the project, and the files that they lead to.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, posix } from "node:path";
import { root } from "../scripts/run.mjs";

/** Pages that stand elsewhere than in docs, and what they are called on the site. */
const elsewhere = {
  "site/index.md": "index.md",
  "docs/README.md": "overview.md",
  "SECURITY.md": "reporting.md",
  "CHANGELOG.md": "changelog.md",
  "CONTRIBUTING.md": "contributing.md",
  "bench/README.md": "bench.md",
  "examples/README.md": "examples/index.md",
  "examples/offline-notes/README.md": "examples/offline-notes.md",
  "src/cli/exportFile/format.md": "export-format.md",
};

const languages = {
  ".js": "js",
  ".mjs": "js",
  ".ts": "ts",
  ".tsx": "tsx",
  ".svelte": "svelte",
  ".html": "html",
  ".yaml": "yaml",
};
const read = (path) => readFileSync(root + path, "utf8");

/** Lists the Markdown of docs, by paths from the root. */
function listDocs() {
  const names = readdirSync(`${root}docs`, { recursive: true }).map((name) => `docs/${name.replaceAll("\\", "/")}`);
  return names.filter((name) => name.endsWith(".md")).sort();
}

/** Where a file of the project is on the site, if it is there. What README says, the site's own first page says. */
function placeOf(path) {
  if (path === "README.md") return "index.md";
  if (elsewhere[path]) return elsewhere[path];
  if (path.startsWith("docs/") && path.endsWith(".md")) return path.slice("docs/".length);
  const isFile = path.startsWith("examples/") && existsSync(root + path) && statSync(root + path).isFile();
  return isFile ? `${path.replace(/\.([^./]*)$/, "-$1")}.md` : undefined;
}

/** Shows a file of an example as a page. */
function showSource(path) {
  const language = languages[extname(path)] ?? "";
  const name = posix.basename(path);
  return `---\naside: false\n---\n\n# ${name}\n\n\`${path}\`\n\n\`\`\`\`${language}\n${read(path).trimEnd()}\n\`\`\`\`\n`;
}

/** Leads the links of a page to pages of the site. What is not on it is named, and not linked to. */
function relink(source, path, place, follow) {
  const lead = (whole, words, target) => {
    // The first page is written for its place on the site.
    if (/^(#|[a-z]+:)/.test(target) || path.startsWith("site/")) return whole;
    const [file, anchor] = target.split("#");
    const wanted = posix.normalize(posix.join(posix.dirname(path), file));
    const found = placeOf(wanted);
    if (!found) return words;
    follow(wanted);
    const relative = posix.relative(posix.dirname(place), found);
    const hash = anchor && found !== "index.md" ? `#${anchor}` : "";
    return `[${words}](${relative.startsWith(".") ? relative : `./${relative}`}${hash})`;
  };
  return source.replace(/(?<!!)\[((?:[^\][]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g, lead);
}

/** A picture by the light of the browser becomes two images by the light of the site. */
const splitPictures = (source) =>
  source.replace(
    /<picture>\s*<source [^>]*srcset="([^"]+)">\s*<img alt="([^"]*)" src="([^"]+)"[^>]*>\s*<\/picture>/g,
    (_, dark, alt, light) =>
      `<img class="only-light" alt="${alt}" src="./${light}" loading="lazy">\n<img class="only-dark" alt="${alt}" src="./${dark}" loading="lazy">`,
  );

/** Takes from the opening of a block what only tests read. */
const plainBlocks = (source) => source.replace(/^(```[a-z]+) [a-z ]+$/gm, "$1");

/** Applies a change to what is outside the blocks of code. */
const outsideBlocks = (source, change) =>
  source
    .split(/(^```[^\n]*\n[^]*?^```$)/m)
    .map((part, index) => (index % 2 ? part : change(part)))
    .join("");

/** Writes the pages into a folder, and resolves with their places. */
export function writePages(folder) {
  const queue = [...Object.keys(elsewhere), ...listDocs().filter((path) => !(path in elsewhere))];
  const seen = new Set(queue);
  const follow = (path) => {
    if (path === "README.md" || seen.has(path)) return;
    seen.add(path);
    queue.push(path);
  };
  const places = new Map();
  for (const path of queue) {
    const place = placeOf(path);
    const source = path.endsWith(".md")
      ? outsideBlocks(plainBlocks(splitPictures(read(path))), (part) => relink(part, path, place, follow))
      : showSource(path);
    mkdirSync(dirname(`${folder}/${place}`), { recursive: true });
    writeFileSync(`${folder}/${place}`, source);
    places.set(place, source.match(/^# (.+)$/m)?.[1].replaceAll("`", "") ?? place);
  }
  cpSync(`${root}docs/charts`, `${folder}/charts`, { recursive: true });
  return places;
}
