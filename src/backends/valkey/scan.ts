import { isKey } from "../../core/key.ts";
import { encodeText } from "../../core/utf8.ts";
import type { ValkeyClient } from "./client.ts";
import type { Names } from "./names.ts";

/**
 * Reports all keys of a store that begin with a prefix, in parts. Servers give them in no order, and may give one twice. Goes
 * on with a part when the part before has been dealt with; not on a server where that gave `false`.
 */
export type Scan = (prefix: string, found: (keys: string[]) => unknown) => Promise<void>;

// How many keys a server looks at in one go, not to hold up others.
const lookedAt = 1000;

/** Returns a scan of the keys under a store's prefix. `nodes` are the servers that have them. */
export function createScan(names: Pick<Names, "start">, nodes: () => Promise<readonly ValkeyClient[]>): Scan {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** The key of the store that a name on the server stands for, if it does. */
  function read(name: Uint8Array): string[] {
    try {
      const key = decoder.decode(name.subarray(names.start().length));
      return isKey(key) ? [key] : [];
    } catch {
      return [];
    }
  }

  return async (prefix, found) => {
    const { Buffer } = await import("node:buffer");
    const pattern = Buffer.from([...names.start(), ...encodeText(prefix)].flatMap(escape).concat(star));
    const scanNode = async (node: ValkeyClient): Promise<void> => {
      let cursor: unknown = "0";
      do {
        const reply = await node.scanBuffer(cursor, "MATCH", pattern, "COUNT", lookedAt, "TYPE", "string");
        const [next, some] = reply as [Uint8Array, Uint8Array[]];
        cursor = decoder.decode(next);
        const keys = some.flatMap(read);
        if (keys.length && (await found(keys)) === false) return;
      } while (cursor !== "0");
    };
    await Promise.all((await nodes()).map(scanNode));
  };
}

const [star, backslash] = [0x2a, 0x5c];
const special = "\\*?[]^-";

/** A byte as it stands in a pattern. */
function escape(byte: number): number[] {
  return special.includes(String.fromCharCode(byte)) ? [backslash, byte] : [byte];
}
