/** All that is asked of the runtime's files beside SQLite. */
export interface FileSystem {
  existsSync(path: string): boolean;
  openSync(path: string, flags: "a", mode: number): number;
  closeSync(file: number): void;
  realpathSync(path: string): string;
  statSync(path: string, options: { readonly bigint: true }): { readonly dev: bigint; readonly ino: bigint };
  unlinkSync(path: string): void;
}

interface Runtime {
  process?: { getBuiltinModule?(name: "node:fs"): FileSystem | undefined };
  Deno?: { permissions: { querySync(of: { name: "read" | "write"; path: string }): { readonly state: string } } };
}

/** Returns the runtime's files, or `undefined` where there are none, or where Deno would ask for permission to use that one. */
export function fileSystemFor(path: string): FileSystem | undefined {
  const { process, Deno } = globalThis as Runtime;
  const isAllowed = (name: "read" | "write"): boolean =>
    !Deno || Deno.permissions.querySync({ name, path }).state === "granted";
  return isAllowed("read") && isAllowed("write") ? process?.getBuiltinModule?.("node:fs") : undefined;
}
