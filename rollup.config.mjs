import { readFile } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import nodeResolve from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";

const dist = process.env.SHELFLIFE_DIST ?? "dist";

/** Hands rollup the map that tsc wrote beside each module, and the TypeScript itself, so that the bundles' maps lead to it. */
const typescriptMaps = {
  name: "typescript-maps",
  async load(id) {
    if (!id.startsWith(resolve(dist) + sep) || !id.endsWith(".js")) return null;
    const [code, map] = await Promise.all([readFile(id, "utf8"), readFile(`${id}.map`, "utf8")]);
    const { sources, ...rest } = JSON.parse(map);
    const sourcesContent = await Promise.all(sources.map((source) => readFile(resolve(dirname(id), source), "utf8")));
    return { code: code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"), map: { ...rest, sources, sourcesContent } };
  },
};

const minify = terser({
  ecma: 2020,
  module: true,
  compress: { passes: 3, pure_getters: true, hoist_funs: true },
  format: { comments: false },
});

export default {
  input: `${dist}/index.js`,
  plugins: [nodeResolve({ browser: true }), typescriptMaps],
  onwarn(warning) {
    throw new Error(warning.message);
  },
  output: [
    { file: `${dist}/shelflife.min.js`, format: "es", sourcemap: true, plugins: [minify] },
    {
      file: `${dist}/shelflife.umd.min.js`,
      format: "umd",
      name: "Shelflife",
      exports: "named",
      sourcemap: true,
      plugins: [minify],
    },
  ],
};
