// Installs what the project needs and the machine lacks. Says what it does; says nothing when all is there.
//   node scripts/setup.mjs [root] [node] [runtimes] [browsers] [servers] [consumers] [jest] [peers] [site] [bench]
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { pathToFileURL } from "node:url";
import { browsers } from "./browsers.mjs";
import { exit, npm, root, run } from "./run.mjs";
import { locked, runtimes, runtimesFolder, translate } from "./runtimes.mjs";

const say = (text) => console.log(`setup: ${text}`);
const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/** Tells whether what lies in `node_modules` is not what the lock file asks for. */
function isStale(folder, { dev = true } = {}) {
  const hidden = `${folder}node_modules/.package-lock.json`;
  if (!existsSync(hidden)) return true;
  const present = readJson(hidden).packages;
  return Object.entries(readJson(`${folder}package-lock.json`).packages).some(
    ([path, wanted]) => path && !wanted.optional && (dev || !wanted.dev) && present[path]?.version !== wanted.version,
  );
}

async function install(folder, what, options = {}) {
  if (!isStale(folder, options)) return;
  say(`${what} (npm ci in ${folder.slice(root.length) || "the project's folder"})`);
  await npm(["ci", ...(options.flags ?? [])], { cwd: folder });
}

async function installRuntimes(dev) {
  const flags = ["--ignore-scripts", ...(dev ? [] : ["--omit=dev"])];
  const what = dev ? "Node 22, 24 and 26, Deno, Bun and workerd" : "a newer Node";
  if (locked) return install(runtimesFolder, what, { dev, flags });
  const wanted = dev ? Object.values(runtimes) : [runtimes.node24];
  if (wanted.every(([path]) => existsSync(path))) return;
  say(`${what} (npm install in ${runtimesFolder.slice(root.length)})`);
  mkdirSync(runtimesFolder, { recursive: true });
  writeFileSync(`${runtimesFolder}package.json`, translate(readFileSync(`${root}test/runtimes/package.json`, "utf8")));
  await npm(["install", "--no-package-lock", ...flags], { cwd: runtimesFolder });
}

/** Installs Jest, of this version, with whatever fits it: no lock file keeps so many packages that only one test needs. */
async function installJest() {
  const folder = `${root}test/package/jest/`;
  const { dependencies } = readJson(`${folder}package.json`);
  const versionOf = (name) => {
    const manifest = `${folder}node_modules/${name}/package.json`;
    return existsSync(manifest) ? readJson(manifest).version : undefined;
  };
  if (Object.entries(dependencies).every(([name, version]) => versionOf(name) === version)) return;
  say("Jest to load the package with (npm install in test/package/jest/)");
  await npm(["install", "--no-package-lock", "--ignore-scripts"], { cwd: folder });
}

/** Installs packages of the system's, where this may be done. What cannot be had fails the steps that need it, and those only. */
async function installSystem(packages) {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  say(`system packages ${packages.join(" ")} (apt-get install)`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await run("apt-get", ["update", "-qq"], { env });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env });
  } catch (error) {
    say(error.message);
  }
}

async function installBrowsers() {
  const missing = () => Object.entries(browsers).filter(([, locate]) => !locate());
  if (!missing().length) return;
  await installSystem(["chromium", "firefox-esr", "webkit2gtk-driver", "xvfb", "fonts-dejavu-core"]);
  for (const [name] of missing()) {
    say(`${name} (Playwright's own download)`);
    await run(process.execPath, ["node_modules/playwright/cli.js", "install", name]).catch((error) =>
      say(error.message),
    );
  }
}

/** The servers that tests start on loopback, and how the system's packages call them. */
const servers = {
  "redis-server": "redis-server",
  "redis-cli": "redis-tools",
  nginx: "nginx-light",
  // Ceph's gateway speaks S3. Its parts are 60 MB, which is less than any other service of the kind that a system has.
  "ceph-mon": "ceph-mon",
  "ceph-osd": "ceph-osd",
  radosgw: "radosgw",
};

async function installServers() {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  const missing = Object.keys(servers).filter((name) => !folders.some((folder) => existsSync(`${folder}/${name}`)));
  if (missing.length) await installSystem(missing.map((name) => servers[name]));
}

const parts = {
  root: () => install(root, "the project's packages"),
  node: () => installRuntimes(false),
  runtimes: () => installRuntimes(true),
  browsers: installBrowsers,
  servers: installServers,
  consumers: () => install(`${root}test/package/consumers/`, "TypeScript 5.4 to 6 to compile consumers with"),
  jest: installJest,
  peers: () =>
    install(`${root}test/peers/`, "the libraries that adapters and recipes are run with", {
      flags: ["--ignore-scripts"],
    }),
  site: () =>
    install(`${root}site/`, "what the site of the documentation is built with", { flags: ["--ignore-scripts"] }),
  bench: () => install(`${root}bench/`, "the peers that the bench measures"),
};

/** Installs the named parts, in their order, where they are missing or out of date. */
export async function setup(...names) {
  for (const name of names) await parts[name]();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = process.argv.slice(2);
  await setup(...(names.length ? names : Object.keys(parts))).catch(exit);
}
