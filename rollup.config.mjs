// Makes dist of what tsc wrote: the public modules with what they share, as ES modules and as CommonJS, and the bundles. scripts/build.mjs says where.
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import nodeResolve from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";
import { transform } from "esbuild";
import { minify as compress } from "rolldown/utils";

const modules = resolve(process.env.SHELFLIFE_MODULES);
const dist = process.env.SHELFLIFE_DIST;
const index = `${modules}${sep}index.js`;
const offline = `${modules}${sep}offline.js`;
const extras = `${modules}${sep}extras.js`;

/** Hands rollup the map that tsc wrote beside each module, and the TypeScript itself, so that the maps lead to it. */
const typescriptMaps = {
  name: "typescript-maps",
  async load(id) {
    if (!id.startsWith(modules + sep) || !id.endsWith(".js")) return null;
    const [code, map] = await Promise.all([readFile(id, "utf8"), readFile(`${id}.map`, "utf8")]);
    const { sources, ...rest } = JSON.parse(map);
    const sourcesContent = await Promise.all(sources.map((source) => readFile(resolve(dirname(id), source), "utf8")));
    return { code: code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"), map: { ...rest, sources, sourcesContent } };
  },
};

/** The modules that can be imported by a name, and the command. */
function publicModules() {
  const { bin, exports } = JSON.parse(readFileSync("package.json", "utf8"));
  const targets = [...Object.values(bin), ...Object.values(exports).map((target) => target?.default ?? "")];
  const patterns = targets
    .filter(Boolean)
    .map((target) => new RegExp(`^${target.replace("./dist/", "").replace("*", "[^/]+")}$`));
  const names = readdirSync(modules, { recursive: true }).map((name) => name.replaceAll(sep, "/"));
  const found = names.filter((name) => patterns.some((pattern) => pattern.test(name)));
  return Object.fromEntries(found.map((name) => [name.slice(0, -3), `${modules}/${name}`]));
}

// They are ES modules only: what requires them needs a Node that can, and `import()` asks for less.
const modulesOnly = ["jose", "srvx/node"];

/** An `import()` in CommonJS that becomes `require`, where it can: Jest has no other. */
const lateRequire = {
  name: "late-require",
  renderDynamicImport: ({ targetModuleId, customResolution, format }) =>
    format === "cjs" && modulesOnly.includes(targetModuleId ?? customResolution)
      ? { left: "import(", right: ")" }
      : null,
};

/** What the door of functions and views has, and the main one has not: a script tag for it adds just that to the global. */
const added = {
  name: "added",
  resolveId: (id) => (id === "added" ? "\0added" : null),
  async load(id) {
    if (id !== "\0added") return null;
    const [all, known] = await Promise.all([extras, index].map((file) => import(pathToFileURL(file).href)));
    const names = Object.keys(all).filter((name) => !(name in known));
    return `export { ${names.join(", ")} } from ${JSON.stringify(extras)};`;
  },
};

/** The door of servers, where a store is opened by configuration: a name of the package's own, which leads a page's bundler to what a page has. */
const lateServer = {
  name: "late-server",
  resolveId: (source, importer) =>
    source === "../server.js" && /[\\/]adapters[\\/]/.test(importer) ? { id: "#server", external: true } : null,
};

function refuse(warning) {
  throw new Error(warning.message);
}

/** Puts what is newer than ES2020 in words that it has, so that pages with older engines can read the bundles. */
const lower = {
  name: "lower",
  renderChunk: (code, { fileName }) => transform(code, { target: "es2020", sourcemap: true, sourcefile: fileName }),
};

const minify = terser({
  ecma: 2020,
  module: true,
  compress: { passes: 8, pure_getters: true, hoist_funs: true, unsafe_arrows: true, inline: 1 },
  format: { comments: false },
});

/** Writes again what terser leaves, which saves another 240 bytes (gzip). Each alone is worse than both. */
const again = {
  name: "again",
  async renderChunk(source, { fileName }) {
    const options = { module: false, compress: { target: "es2020" }, mangle: false, sourcemap: true };
    const { code, map, errors } = await compress(fileName, source, options);
    if (errors.length) throw new Error(errors[0].message);
    return { code, map };
  },
};

const asModules = {
  minifyInternalExports: false,
  // An import of nothing, ahead of its need, is what bundlers of users warn of.
  hoistTransitiveImports: false,
  // All that the main module needs is in one file: to load and link it in forty took Node four times as long, and whoever
  // imports a backend alone needs most of it. What both ends of the wire have of pushes, and what opens the parts of a store, are
  // small, and would be a file more each.
  manualChunks: {
    portable: [index, `${modules}${sep}http${sep}wire${sep}push.js`, `${modules}${sep}core${sep}part.js`],
  },
  chunkFileNames: "shared/[name].js",
};

export default [
  {
    input: publicModules(),
    plugins: [lateServer, typescriptMaps, lateRequire],
    external: (id) => !/^[./]/.test(id) && !id.startsWith(modules),
    // What tsc puts before an import() asks for a global `this`.
    onwarn: (warning) => warning.code === "THIS_IS_UNDEFINED" || refuse(warning),
    output: [
      { ...asModules, dir: dist, format: "es", sourcemap: true, sourcemapExcludeSources: true },
      // For what cannot require an ES module: Jest, older bundlers. Node and TypeScript take the ES modules where they can, so
      // that a program that imports and requires has one registry.
      {
        ...asModules,
        dir: `${dist}/cjs`,
        format: "cjs",
        exports: "named",
        dynamicImportInCjs: false,
        paths: { "#server": "../server.js" },
      },
    ],
  },
  {
    input: index,
    plugins: [nodeResolve({ browser: true }), typescriptMaps],
    onwarn: refuse,
    output: [
      { file: `${dist}/shelflife.min.js`, format: "es", sourcemap: true, plugins: [lower, minify, again] },
      {
        file: `${dist}/shelflife.umd.min.js`,
        format: "umd",
        name: "Shelflife",
        exports: "named",
        sourcemap: true,
        plugins: [lower, minify, again],
      },
    ],
  },
  // These add to the global of the bundle before them, which is loaded first.
  ...Object.entries({ offline, extras: "added" }).map(([name, input]) => ({
    input,
    plugins: [added, nodeResolve({ browser: true }), typescriptMaps],
    onwarn: refuse,
    output: {
      file: `${dist}/shelflife.${name}.umd.min.js`,
      format: "umd",
      name: "Shelflife",
      extend: true,
      exports: "named",
      sourcemap: true,
      plugins: [lower, minify, again],
    },
  })),
];
