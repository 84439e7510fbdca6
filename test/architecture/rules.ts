import { posix } from "node:path";
import { code, importsOf, type Import, type Tree } from "./tree.ts";

/** A rule of the house: what it says, and where a tree breaks it. */
export interface Rule {
  readonly name: string;
  /** Returns a line for each place where the tree breaks the rule. */
  broken(tree: Tree): string[];
}

const doors = ["index.ts", "extras.ts", "offline.ts", "server.ts", "testing.ts", "cli.ts"];

/** What each room of `src` may import besides itself. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  core: [],
  views: ["core"],
  over: ["core", "views"],
  backends: ["core"],
  adapters: ["core"],
  testing: ["core", "views"],
  http: ["core", "views"],
  offline: ["core", "http/wire"],
  service: ["core", "http/server", "http/wire"],
  cli: ["core", "views", "over", "backends", "adapters", "http", "offline", "service"],
};

/** Rooms whose files stand for themselves: none of them imports another, but for the private folder beside it. */
const apart = ["backends", "adapters"];

// What is for servers alone. It too loads its modules when a store is opened or a server started, so that importing it costs nothing.
const forServers = /^src\/(backends\/(sqlite|valkey|s3)\b|service\/(listen|tokens)\b|http\/nodeFetch\b|cli\b|server\b)/;

const inside = (path: string): string => path.replace(/^src\//, "");
const roomOf = (path: string): string => (inside(path).includes("/") ? inside(path).split("/")[0]! : "");
const isSource = (path: string): boolean => path.startsWith("src/");
const isWithin = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);
const show = ({ from, to }: Pick<Import, "from" | "to">): string => `${from} -> ${to}`;
const packageOf = (name: string): string => /^(@[^/]+\/)?[^/]+/.exec(name)![0];

/** The imports of files of `src` by one another. */
function sourceImports(tree: Tree): Import[] {
  return importsOf(tree).filter(({ from, to }) => isSource(from) && isSource(to));
}

/** The imports by `src` of what is no file: packages, and modules of the platform. */
function packageImports(tree: Tree): Import[] {
  return importsOf(tree).filter(({ from, to }) => isSource(from) && !tree.has(to) && !/\.(ts|mjs|js)$/.test(to));
}

const places: Rule = {
  name: "src stands in its rooms and doors",
  broken: (tree) =>
    [...tree.keys()].filter(
      (path) => isSource(path) && !(roomOf(path) ? roomOf(path) in rooms : doors.includes(inside(path))),
    ),
};

const existing: Rule = {
  name: "every relative import names a file that exists",
  broken: (tree) =>
    importsOf(tree)
      .filter(({ to }) => /^(src|test|e2e|bench|examples|scripts)\/.*\.(ts|mjs)$/.test(to) && !tree.has(to))
      .map(show),
};

const floors: Rule = {
  name: "a room imports what stands below it, and nothing imports a door",
  broken: (tree) =>
    sourceImports(tree)
      .filter(({ from, to, isLate }) => {
        const [room, target] = [roomOf(from), roomOf(to)];
        // A mount by configuration opens any store, when it is used.
        if (isLate && from === "src/adapters/unstorage.ts" && /^src\/(index|server)\.ts$/.test(to)) return false;
        if (!room) return !target && to === "src/cli.ts";
        if (!target) return true;
        return target !== room && !rooms[room]?.some((allowed) => isWithin(inside(to), allowed));
      })
      .map(show),
};

const independence: Rule = {
  name: "backends and adapters do not import one another",
  broken: (tree) =>
    sourceImports(tree)
      .filter(({ from, to }) => {
        const name = (path: string): string => inside(path).split("/")[1]!.replace(/\.ts$/, "");
        // What adapters of others' libraries have in common.
        if (isWithin(inside(to), "adapters/peer")) return false;
        return roomOf(from) === roomOf(to) && apart.includes(roomOf(from)) && name(from) !== name(to);
      })
      .map(show),
};

const circles: Rule = {
  name: "no circle of imports, types included",
  broken(tree) {
    const next = new Map<string, string[]>();
    for (const { from, to } of importsOf(tree)) if (tree.has(to)) next.set(from, [...(next.get(from) ?? []), to]);
    return stronglyConnected(next).map((circle) => circle.sort().join(" - "));
  },
};

const privacy: Rule = {
  name: "a folder beside a file of its name is that file's alone",
  broken: (tree) =>
    sourceImports(tree)
      .filter(({ from, to }) => {
        for (let folder = posix.dirname(to); folder !== "src"; folder = posix.dirname(folder)) {
          if (!tree.has(`${folder}.ts`) || shared.includes(folder)) continue;
          if (from !== `${folder}.ts` && from !== besides[folder] && !isWithin(from, folder)) return true;
        }
        return false;
      })
      .map(show),
};
// The formats of the wire are for all that speaks it; `http/wire.ts` shows some of them to users.
const shared = ["src/http/wire"];
// A description has two doors: as a document, and served beside the handler.
const besides: Readonly<Record<string, string>> = { "src/http/openapi": "src/http/docs.ts" };

const packages = (names: readonly string[]): Rule => ({
  name: "only the listed packages are imported, when they are needed; node: only by what is for servers",
  broken: (tree) =>
    packageImports(tree)
      .filter(({ from, to, isType, isLate }) => {
        if (isType && to === "@standard-schema/spec") return false;
        if (/^(node|bun):/.test(to)) return !forServers.test(from) || !(isType || isLate);
        return !isType && !(isLate && names.includes(packageOf(to)));
      })
      .map(show),
});

const purity: Rule = {
  name: "the core is pure: it names no platform",
  broken(tree) {
    // Deno has no other way to keep a timer from holding the process than a function of its own.
    const platform =
      /\b(indexedDB|localStorage|sessionStorage|document|window|navigator|process|Bun|fetch)\b\s*[.(?[]|\bDeno\b\??\.(?!unrefTimer)/;
    return [...tree]
      .filter(([path, text]) => roomOf(path) === "core" && platform.test(code(text)))
      .map(([path]) => path);
  },
};

const names: Rule = {
  name: "a file is named after what it is, and its room says who may use it",
  broken: (tree) =>
    [...tree.keys()].filter(
      (path) =>
        isSource(path) &&
        (/(^|\/)(utils?|helpers?|types|common|misc|shared)\.ts$/.test(path) ||
          /\/_/.test(path) ||
          (roomOf(path) !== "" && posix.basename(path) === "index.ts")),
    ),
};

const quiet: Rule = {
  name: "src writes nothing on the console and leaves no marker",
  broken: (tree) =>
    [...tree]
      .filter(
        ([path, text]) => isSource(path) && (/\bconsole\s*\./.test(code(text)) || /\b(TODO|FIXME|XXX)\b/.test(text)),
      )
      .map(([path]) => path),
};

const mirror: Rule = {
  name: "a folder of tests is named as the one of src that it tests",
  broken(tree) {
    const own = ["architecture", "bench", "cases", "docs", "package", "peers", "processes", "runtimes", "support"];
    const folders = new Set([...tree.keys()].filter(isSource).flatMap((path) => above(inside(path))));
    return [...tree.keys()].filter((path) => {
      const [first, ...rest] = path.split("/");
      if (first !== "test" || rest.length < 2 || own.includes(rest[0]!)) return false;
      const folder = rest.slice(0, -1).join("/");
      return !folders.has(folder) && !tree.has(`src/${folder}.ts`);
    });
  },
};

/** Every folder that a path lies in. */
function above(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** The rules of the house. `packageNames` are the packages that `src` may import. */
export function rulesOf(packageNames: readonly string[]): Rule[] {
  return [
    places,
    existing,
    floors,
    independence,
    circles,
    privacy,
    packages(packageNames),
    purity,
    names,
    quiet,
    mirror,
  ];
}

/** The sets of two nodes or more that reach each other (Tarjan's algorithm). */
function stronglyConnected(next: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  function visit(node: string): void {
    order.set(node, order.size);
    low.set(node, order.get(node)!);
    stack.push(node);
    for (const to of next.get(node) ?? []) {
      if (!order.has(to)) visit(to);
      if (stack.includes(to)) low.set(node, Math.min(low.get(node)!, low.get(to)!));
    }
    if (low.get(node) !== order.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    if (circle.length > 1) found.push(circle);
  }
  for (const node of next.keys()) if (!order.has(node)) visit(node);
  return found;
}
