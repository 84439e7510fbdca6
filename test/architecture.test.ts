import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
// About 300: a formatter breaks lines as it likes.
const maxLines = 320;
const doors = ["index.ts", "server.ts", "testing.ts", "cli.ts"];
const rooms = ["core", "backends", "http", "offline", "adapters", "testing", "service", "cli"];
// What is for servers. It too loads its modules when a store is opened or a server started, so that importing it costs nothing.
const nodeFiles =
  /^(backends\/_?(sqlite|valkey|s3)\w*|service\/_?(listen|tokens)\w*|http\/nodeFetch|cli\/.+|cli|server)\.ts$/;
/** The package of an import, which may be of a part of it. */
const packageOf = (name: string): string => /^(@[^/]+\/)?[^/]+/.exec(name)![0];
const packages = Object.keys(JSON.parse(readFileSync(`${root}package.json`, "utf8")).dependencies ?? {});

const files = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts"));
const source = new Map(files.map((name) => [name, readFileSync(`${root}src/${name}`, "utf8")]));
const room = (name: string): string => (name.includes("/") ? name.slice(0, name.indexOf("/")) : "");

/** The code without comments, so that what a docstring shows is no import. */
const code = (text: string): string => text.replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");

interface Import {
  from: string;
  to: string;
  isType: boolean;
  /** Whether it is imported when it is needed. */
  isLate?: boolean;
}

const imports: Import[] = files.flatMap((from) => {
  const text = code(source.get(from)!);
  const fixed = [...text.matchAll(/^(?:import|export)\s+(type\s)?(?:[\w$*{},\s]+\sfrom\s+)?"([^"]+)";/gm)];
  const late = [...text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g)];
  return [
    ...fixed.map((match) => ({ from, to: match[2]!, isType: match[1] !== undefined })),
    ...late.map((match) => ({ from, to: match[1]!, isType: false, isLate: true })),
  ];
});
const inside = imports
  .filter(({ to }) => to.startsWith("."))
  .map((each) => ({ ...each, to: posix.join(dirname(each.from), each.to) }));
const outside = imports.filter(({ to }) => !to.startsWith("."));

const show = (list: readonly { from: string; to: string }[]): string[] =>
  list.map(({ from, to }) => `${from} -> ${to}`);

test("src stands in its rooms and doors", () => {
  assert.ok(files.length > 0);
  const misplaced = files.filter((name) => (room(name) ? !rooms.includes(room(name)) : !doors.includes(name)));
  assert.deepEqual(misplaced, []);
});

test("a room imports itself and core, and nobody imports a door", () => {
  const wrong = inside.filter(({ from, to }) => {
    if (!room(from)) return room(to) ? room(to) === "cli" && from !== "cli.ts" : from === "index.ts";
    // The command puts together what the rooms have.
    if (room(from) === "cli") return !room(to) && to !== "index.ts" && to !== "server.ts";
    return room(to) !== room(from) && room(to) !== "core";
  });
  assert.deepEqual(show(wrong), []);
});

test("every relative import names a file that exists", () => {
  assert.deepEqual(show(inside.filter(({ to }) => !files.includes(to))), []);
});

test("a private file stays in its folder", () => {
  const wrong = inside.filter(({ from, to }) => posix.basename(to).startsWith("_") && dirname(from) !== dirname(to));
  assert.deepEqual(show(wrong), []);
});

test("backends and adapters do not import one another", () => {
  const wrong = inside.filter(
    ({ from, to }) =>
      ["backends", "adapters"].includes(room(from)) && room(to) === room(from) && !posix.basename(to).startsWith("_"),
  );
  assert.deepEqual(show(wrong), []);
});

test("only the listed packages are imported, and node: only by what is for servers", () => {
  const wrong = outside.filter(({ from, to, isType }) => {
    if (isType && to === "@standard-schema/spec") return true;
    if (to.startsWith("node:") || to.startsWith("bun:")) return !nodeFiles.test(from);
    return !isType && !packages.includes(packageOf(to));
  });
  assert.deepEqual(show(wrong), []);
});

test("no package is loaded before it is needed", () => {
  const wrong = outside.filter(({ to, isType, isLate }) => packages.includes(packageOf(to)) && !isType && !isLate);
  assert.deepEqual(show(wrong), []);
});

test("no platform module is imported before it is needed", () => {
  const late = /^import\s+(?!type\b)[^;"]*"(?:node|bun|deno):[^"]+";/m;
  assert.deepEqual(
    files.filter((name) => late.test(code(source.get(name)!))),
    [],
  );
});

test("the core is pure: it names no platform", () => {
  // Deno has no other way to keep a timer from holding the process than a function of its own.
  const platform =
    /\b(indexedDB|localStorage|sessionStorage|document|window|navigator|process|Bun|fetch)\b\s*[.(?[]|\bDeno\b\??\.(?!unrefTimer)/;
  const wrong = files.filter((name) => room(name) === "core" && platform.test(code(source.get(name)!)));
  assert.deepEqual(wrong, []);
});

test("files are short", () => {
  const long = files.map((name) => [name, source.get(name)!.split("\n").length - 1] as const);
  assert.deepEqual(
    long.filter(([, lines]) => lines > maxLines),
    [],
  );
});

test("a file is named after what it exports", () => {
  const vague = files.filter((name) => /(^|\/)_?(utils?|helpers?|types|common|misc|shared)\.ts$/.test(name));
  const innerIndexes = files.filter((name) => name.includes("/") && posix.basename(name) === "index.ts");
  assert.deepEqual([...vague, ...innerIndexes], []);
});

test("src says nothing on the console and leaves no marker", () => {
  const wrong = files.filter(
    (name) => /\bconsole\s*\./.test(code(source.get(name)!)) || /\b(TODO|FIXME|XXX)\b/.test(source.get(name)!),
  );
  assert.deepEqual(wrong, []);
});

test("importing any of it touches nothing of the platform", async () => {
  const names = [
    "addEventListener",
    "BroadcastChannel",
    "document",
    "EventSource",
    "fetch",
    "indexedDB",
    "localStorage",
    "location",
    "navigator",
    "self",
    "sessionStorage",
    "setInterval",
    "setTimeout",
    "window",
    "Bun",
    "Deno",
  ];
  const touched: string[] = [];
  const before = names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const name of names) {
    Object.defineProperty(globalThis, name, { configurable: true, get: () => void touched.push(name) });
  }
  try {
    for (const name of files.filter((each) => each !== "cli.ts")) await import(`../src/${name}`);
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
  assert.deepEqual(touched, []);
});
