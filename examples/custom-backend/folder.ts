import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createStore, register, StoreError, type Backend } from "shelflife";

declare module "shelflife" {
  interface Backends {
    folder: { path: string; now?: () => number };
  }
}

/** Keeps each entry in a file: eight bytes of deadline, then the value. */
function folder(path: string): Backend {
  // A key may be longer than a file's name, and hold what no name can.
  const file = (key: string): string => join(path, createHash("sha256").update(key).digest("hex"));

  /** A file that is not there is a miss where there may be one; anything else is a failure. */
  function onDisk<R>(work: () => R, miss?: R): R {
    try {
      return work();
    } catch (cause) {
      if (miss !== undefined && (cause as { code?: string }).code === "ENOENT") return miss;
      throw new StoreError("unavailable", `Cannot use folder "${path}"`, { cause });
    }
  }

  return {
    get(key) {
      const bytes = onDisk<Buffer | null>(() => readFileSync(file(key)), null);
      return bytes ? { expiresAt: bytes.readDoubleLE(), value: new Uint8Array(bytes.subarray(8)) } : undefined;
    },
    set(key, { value, expiresAt }) {
      const deadline = Buffer.alloc(8);
      deadline.writeDoubleLE(expiresAt);
      onDisk(() => {
        // Beside it first: a reader finds the old value or the new one, never half of it.
        writeFileSync(`${file(key)}.new`, Buffer.concat([deadline, value]));
        renameSync(`${file(key)}.new`, file(key));
      });
    },
    delete: (key) => onDisk(() => (rmSync(file(key)), true), false),
    isPersistent: () => true,
  };
}

register("folder", {
  valid(parameters) {
    const { path } = parameters as { path?: unknown };
    if (typeof path === "string" && path !== "") return parameters;
    throw new StoreError("bad-config", 'Cannot open store "folder": option "path" must be a folder\'s path');
  },
  // In a configuration file a relative path counts from that file's folder, elsewhere from where the process is now.
  locate: (parameters, resolve) => ({ ...parameters, path: resolve(parameters.path) }),
  build({ path, now }) {
    const home = resolve(path);
    mkdirSync(home, { recursive: true });
    return createStore(folder(home), { now });
  },
});
