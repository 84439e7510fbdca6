interface Runtime {
  process?: { getBuiltinModule?(name: "node:path"): { resolve(path: string): string } | undefined };
}

/**
 * Returns the whole name of a file. A relative one counts from where the process is now: what keeps it stays with that file
 * when the process goes elsewhere. Where the runtime has no folders the name stays as it is.
 */
export function absolutePath(path: string): string {
  return (globalThis as Runtime).process?.getBuiltinModule?.("node:path")?.resolve(path) ?? path;
}
