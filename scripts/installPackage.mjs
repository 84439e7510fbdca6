import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { pin } from "./integrity.mjs";
import { npm, root, run } from "./run.mjs";

/** The folder whose node_modules holds the package as a user gets it: packed, unpacked and beside what it depends on. */
export const packageFolder = `${root}.package/`;

/** Whether something that is packed, or that the package depends on, is newer than what is installed. */
function isStale() {
  const last = `${packageFolder}installed`;
  if (!existsSync(last)) return true;
  const installedAt = statSync(last).mtimeMs;
  const packed = ["dist/shelflife.umd.min.js", "README.md", "CHANGELOG.md", "LICENSE", "package.json"];
  return [...packed, "package-lock.json"].some((name) => statSync(root + name).mtimeMs > installedAt);
}

/** Packs the built package and installs it, without a registry. */
export async function installPackage({ ifStale = false } = {}) {
  if (ifStale && !isStale()) return;
  const modules = `${packageFolder}node_modules/`;
  rmSync(packageFolder, { recursive: true, force: true });
  mkdirSync(modules, { recursive: true });
  await npm(["pack", "--ignore-scripts", "--silent", "--pack-destination", packageFolder], { stdio: "ignore" });
  const archive = readdirSync(packageFolder).find((name) => name.endsWith(".tgz"));
  await run("tar", ["-xzf", archive, "-C", "node_modules"], { cwd: packageFolder });
  renameSync(`${modules}package`, `${modules}shelflife`);
  // As packing does for those who publish. Here README stays as it is.
  const folder = `${modules}shelflife/`;
  const { version } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  const script = readFileSync(`${folder}dist/shelflife.umd.min.js`);
  writeFileSync(`${folder}README.md`, pin(readFileSync(`${folder}README.md`, "utf8"), version, script));
  renameSync(packageFolder + archive, `${packageFolder}shelflife.tgz`);
  const manifest = { name: "consumer", private: true, type: "module", dependencies: { shelflife: "*" } };
  writeFileSync(`${packageFolder}package.json`, JSON.stringify(manifest));
  // What stands here imports the package as any program of a user does.
  const load = 'export const load = (name) => import(name === "index" ? "shelflife" : `shelflife/${name}`);\n';
  writeFileSync(`${packageFolder}load.mjs`, load);
  // What the package depends on, as the lock file knows it, and what that depends on.
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8"));
  for (const [path, { dev, optional }] of Object.entries(packages)) {
    if (path && !dev && !optional) cpSync(root + path, packageFolder + path, { recursive: true });
  }
  writeFileSync(`${packageFolder}installed`, "");
}
