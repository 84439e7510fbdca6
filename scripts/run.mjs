import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The project's folder, with a slash at its end. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** Runs a command in the project's folder with its output on the terminal, and rejects when it fails. */
export async function run(command, args, options = {}) {
  const code = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    child.once("error", reject).once("close", resolve);
  });
  if (code !== 0) throw new Error(`Command failed with ${code}: ${[command, ...args].join(" ")}`);
}

/** Runs npm: the one that started us, or the one on the path. */
export async function npm(args, options) {
  const quiet = [...args, "--no-audit", "--no-fund", "--loglevel=error"];
  const script = process.env.npm_execpath;
  if (script?.endsWith(".js")) await run(process.execPath, [script, ...quiet], options);
  else await run("npm", quiet, { shell: process.platform === "win32", ...options });
}

/** Ends the process for an error whose cause is already on the terminal. */
export function exit(error) {
  console.error(error.message);
  process.exit(1);
}
