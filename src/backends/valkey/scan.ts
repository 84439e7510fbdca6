import { isKey } from "../../core/key.ts";
import type { ValkeyClient } from "./client.ts";

/**
 * Reports all keys of a store that begin with a prefix, in parts. Servers give them in no order, and may give one twice. Goes
 * on with a part when the part before has been dealt with.
 */
export type Scan = (prefix: string, found: (keys: string[]) => unknown) => Promise<void>;

// How many keys a server looks at in one go, not to hold up others.
const lookedAt = 1000;

/** Returns a scan of the keys under a store's prefix. `nodes` are the servers that have them. */
export function createScan(storePrefix: string, nodes: () => Promise<readonly ValkeyClient[]>): Scan {
  const { length } = new TextEncoder().encode(storePrefix);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** The key of the store that a name on the server stands for, if it does. */
  function read(name: Uint8Array): string[] {
    try {
      const key = decoder.decode(name.subarray(length));
      return isKey(key) ? [key] : [];
    } catch {
      return [];
    }
  }

  return async (prefix, found) => {
    const pattern = `${(storePrefix + prefix).replace(/[\\*?[\]^-]/g, "\\$&")}*`;
    const scanNode = async (node: ValkeyClient): Promise<void> => {
      let cursor: unknown = "0";
      do {
        const reply = await node.scanBuffer(cursor, "MATCH", pattern, "COUNT", lookedAt, "TYPE", "string");
        const [next, names] = reply as [Uint8Array, Uint8Array[]];
        cursor = decoder.decode(next);
        const keys = names.flatMap(read);
        if (keys.length) await found(keys);
      } while (cursor !== "0");
    };
    await Promise.all((await nodes()).map(scanNode));
  };
}
