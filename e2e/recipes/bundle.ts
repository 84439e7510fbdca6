import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { root } from "../../scripts/run.mjs";
import { built } from "../support/files.ts";

const peers = `${root}test/peers/`;

/** Compiles components of Svelte. */
const svelte: Plugin = {
  name: "svelte",
  async setup({ onLoad }) {
    const path = createRequire(`${peers}package.json`).resolve("svelte/compiler");
    const { compile } = await import(pathToFileURL(path).href);
    onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
      const { js } = compile(await readFile(path, "utf8"), { filename: path, generate: "client" });
      return { contents: js.code };
    });
  },
};

/** Bundles the recipes as an app would, but for the package, which the page imports as it is built. */
export async function bundleRecipes(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${root}examples/recipes/main.js`],
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "silent",
    tsconfigRaw: {},
    alias: { ...built },
    external: ["/dist/*"],
    nodePaths: [`${peers}node_modules`],
    define: {
      "process.env.NODE_ENV": '"production"',
      __VUE_OPTIONS_API__: "false",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    },
    plugins: [svelte],
  });
  return outputFiles[0]!.text;
}
