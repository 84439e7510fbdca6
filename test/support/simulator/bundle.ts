import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { simulate } from "../../offline/simulate.ts";
import type { room } from "./room.ts";

/** Text of a file of the offline room, and what is put in its place. */
export type Edit = readonly [file: string, text: string, replacement: string];

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Puts a module and all that it imports into one, with another text of the offline room, and runs it. */
async function bundle(path: string, edits: readonly Edit[] = []): Promise<any> {
  const missing = new Set(edits);
  const { outputFiles } = await build({
    entryPoints: [join(root, path)],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    plugins: [
      {
        name: "edits",
        setup(build) {
          build.onLoad({ filter: /src\/offline\/\w+\.ts$/ }, async ({ path }) => {
            let contents = await readFile(path, "utf8");
            for (const edit of edits) {
              const [file, text, replacement] = edit;
              if (basename(path) !== file || !contents.includes(text)) continue;
              contents = contents.replace(text, () => replacement);
              missing.delete(edit);
            }
            return { contents, loader: "ts" };
          });
        },
      },
    ],
  });
  for (const [file, text] of missing) throw new Error(`Text is not in src/offline/${file}: ${text}`);
  const module = { exports: {} };
  // oxlint-disable-next-line typescript/no-implied-eval -- what was just built
  new Function("module", "require", outputFiles[0]!.text)(module, createRequire(import.meta.url));
  return module.exports;
}

/** Returns the simulator. As one file it is twice as fast as in parts. */
export async function loadSimulator(): Promise<typeof simulate> {
  return (await bundle("test/offline/simulate.ts")).simulate;
}

/** Returns the offline room with another text. */
export async function loadRoom(edits: readonly Edit[]): Promise<typeof room> {
  return (await bundle("test/support/simulator/room.ts", edits)).room;
}
