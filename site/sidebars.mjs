// What stands beside a page, in the order in which it is read.
import { groups } from "./reference/doors.mjs";

const guide = [
  "install",
  "first-store",
  "lifetimes",
  "errors",
  "atomics",
  "watching",
  "json",
  "offline",
  "encryption",
  "serving",
  "tokens",
  "scaling",
  "command",
];
const more = [
  "store",
  "adapters",
  "recipes",
  "migrating",
  "http",
  "operating",
  "testing",
  "benchmarks",
  "decisions",
  "security",
  "examples/index",
  "changelog",
];

/** Makes the sidebars of pages by their titles, and of doors by their names. */
export function sidebars(titles, doors) {
  const item = (name) => ({ text: titles.get(`${name}.md`), link: `/${name.replace(/index$/, "")}` });
  const known = (names) => names.filter((name) => titles.has(`${name}.md`));
  const under = (folder) =>
    [...titles.keys()].filter((name) => name.startsWith(`${folder}/`)).map((name) => name.slice(0, -3));
  const inOrder = [...new Set([...known(guide.map((name) => `guide/${name}`)), ...under("guide")])];
  const rest = [...titles.keys()].filter((name) => !name.includes("/")).map((name) => name.slice(0, -3));
  const others = rest.filter(
    (name) => ![...more, "overview", "contributing", "export-format", "reporting", "bench"].includes(name),
  );
  return {
    guide: [
      { text: "Guide", items: inOrder.map(item) },
      { text: "Backends", items: under("backends").map(item) },
      { text: "More", items: known([...more.slice(0, 6), ...others, ...more.slice(6)]).map(item) },
    ],
    reference: [
      { text: "API reference", link: "/reference/" },
      ...groups.map(([text, pattern]) => ({
        text,
        items: doors
          .filter((door) => pattern.test(door))
          .map((door) => ({ text: door.replace(/^(adapters|backends|views|over)\//, ""), link: `/reference/${door}` })),
      })),
    ],
  };
}
