// The doors of the package: what it can be imported by, and what is said of each in the sidebar of the reference.
import { readdirSync, readFileSync } from "node:fs";
import { root } from "../../scripts/run.mjs";

/** Modules that are no doors: what the main one hands on from them has pages of its own, of these names. */
export const parts = {
  "core/contract": "store",
  "core/decision": "backend",
  "core/error": "errors",
  "core/registry": "registry",
  "core/createStore": "createStore",
  "core/options": "options",
};

/** What a page is about, where its first name does not say it. */
export const abouts = {
  shelflife: "The main entry point: opens stores by configuration, and has all that runs everywhere.",
  store: "What every store does, call by call, and what a backend of your own implements.",
  backend: "What a backend decides about an entry.",
  createStore: "Makes a store of a backend of your own.",
  errors: "The one class of error, its codes, and how to recognise it.",
  registry: "Opens backends by their names.",
  options: "What every store takes.",
  extras: "Functions and views over any store.",
  server: "The main entry point, and what servers have besides: SQLite, Valkey, S3 and the handler.",
  testing: "The contract as a program: proves any store, with a clock and faults in your hand.",
  "http/wire": "What both ends of the wire agree on, for a client of your own.",
};

/** Every door by the module of src that it leads to: `views/cached` by `views/cached`, `shelflife` by `index`. */
export function listDoors() {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const found = new Map();
  const add = (module, door) => found.has(module) || found.set(module, door);
  for (const [name, target] of Object.entries(exports)) {
    if (!target?.default) continue;
    const module = target.default.replace("./dist/", "").replace(/\.js$/, "");
    const door = name.slice(2) || "shelflife";
    if (!module.includes("*")) {
      add(module, door);
      continue;
    }
    for (const file of readdirSync(root + "src/" + module.slice(0, -1)).sort())
      if (file.endsWith(".ts")) add(module.replace("*", file.slice(0, -3)), door.replace("*", file.slice(0, -3)));
  }
  return found;
}

/** The name that a program imports a door by. */
export const specifier = (door) => (door === "shelflife" ? door : `shelflife/${door}`);

/** The reference in the sidebar: the pages of each group, in the order in which they are read. */
export const groups = [
  ["Core", /^(shelflife|store|errors|registry|options|createStore|backend)$/],
  ["Backends", /^backends\//],
  ["Views", /^views\//],
  ["Functions", /^(extras|over\/.*)$/],
  ["Offline", /^offline$/],
  ["Serving", /^(server|http\/.*|service\/.*)$/],
  ["Adapters", /^adapters\//],
  ["Testing", /^testing$/],
];
