// The few lines that open a store as it is configured, in each of the ways that there are.

const browserOnly = { indexeddb: "IndexedDB", localstorage: "localStorage", sessionstorage: "sessionStorage" };
const cdn = "https://unpkg.com/shelflife";

/** Returns a configuration as it is to be shown: addresses whole, and no secret. */
export function shownConfig(config, base) {
  const { backend, parameters } = config;
  if (parameters === undefined) return { backend };
  if (backend === "offline") {
    const sides = Object.entries(parameters).map(([name, value]) => [
      name,
      value?.backend ? shownConfig(value, base) : value,
    ]);
    return { backend, parameters: Object.fromEntries(sides) };
  }
  if (backend !== "http") return { backend, parameters };
  const { url, token, headers, ...rest } = parameters;
  const shown = { url: new URL(url, base).href, ...rest };
  if (token !== undefined) shown.token = "YOUR-TOKEN";
  if (headers) shown.headers = Object.fromEntries(Object.keys(headers).map((name) => [name, "YOUR-VALUE"]));
  return { backend, parameters: shown };
}

/** The lines of a module. */
export function moduleOf(config) {
  if (config.backend !== "offline")
    return `import { open } from "shelflife";\n\nconst store = await open(${literal(config)});\n`;
  return `import { open, register, registry } from "shelflife";
import { offlineFactory } from "shelflife/offline";

register("offline", offlineFactory(registry));
const store = await open(${literal(config)});
`;
}

/** The lines of a page without a build step. `hashes` has the integrity of each script by its name. */
export function pageOf(config, { version, hashes }) {
  const tag = (name) => `<script
  src="${cdn}@${version}/dist/${name}"
  integrity="${hashes[name]}"
  crossorigin="anonymous"
></script>
`;
  const isOffline = config.backend === "offline";
  const register = '  Shelflife.register("offline", Shelflife.offlineFactory(Shelflife.registry));\n';
  return `${tag(scripts.main)}${isOffline ? tag(scripts.offline) : ""}<script type="module">
${isOffline ? register : ""}  const store = await Shelflife.open(${literal(config, "  ")});
</script>
`;
}

export const scripts = { main: "shelflife.umd.min.js", offline: "shelflife.offline.umd.min.js" };

/** The configuration of the command for a server of the store, which pages of this origin may use. */
export function serverOf(config, origin) {
  const { backend } = config;
  const sqlite = { backend: "sqlite", parameters: { path: "shelflife.db" } };
  const store = backend === "memory" ? config : sqlite;
  const server = { store, listen: { port: 8788 }, cors: [origin] };
  const why = browserOnly[backend]
    ? `# ${browserOnly[backend]} is in browsers alone: on a server SQLite takes its place.\n`
    : "";
  return `# shelflife serve --config shelflife.yaml
${why}${yaml(server)}`;
}

/** Writes a value as JavaScript: on one line where that is short, else a member a line. */
function literal(value, indent = "") {
  if (Object(value) !== value) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const [open, close] = isList ? "[]" : "{}";
  const inner = `${indent}  `;
  const members = Object.entries(value).map(([name, member]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    return isList ? literal(member, inner) : `${key}: ${literal(member, inner)}`;
  });
  if (!members.length) return open + close;
  const blank = isList ? "" : " ";
  const short = `${open}${blank}${members.join(", ")}${blank}${close}`;
  if (short.length <= 40 && !short.includes("\n")) return short;
  return `${open}\n${members.map((member) => `${inner}${member},\n`).join("")}${indent}${close}`;
}

/** Writes a value as YAML. */
function yaml(value, indent = "") {
  return Object.entries(value)
    .map(([name, member]) => {
      const head = `${indent}${Array.isArray(value) ? "-" : `${scalar(name)}:`}`;
      if (Object(member) !== member) return `${head} ${scalar(member)}\n`;
      return Object.keys(member).length ? `${head}\n${yaml(member, `${indent}  `)}` : `${head} {}\n`;
    })
    .join("");
}

// What a reader of YAML takes for something other than the text that it is stands in quotes.
const scalar = (value) =>
  typeof value === "string" && /^[a-z][\w./-]*$/i.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
    ? value
    : JSON.stringify(value);
