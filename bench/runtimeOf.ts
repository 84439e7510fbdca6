import process from "node:process";

/** What this process is, with the word that results of it are filed under. */
export function runtimeOf(): [place: string, runtime: string] {
  const { bun, deno, node } = process.versions as Record<string, string | undefined>;
  if (bun) return ["bun", `Bun ${bun}`];
  return deno ? ["deno", `Deno ${deno}`] : ["node", `Node ${node}`];
}
