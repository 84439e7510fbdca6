import type { ValkeyClient } from "./client.ts";
import { getScript, script, setScript } from "./script.ts";
import { createWatchdog } from "./watchdog.ts";

/** Has scripts run by a server. */
export interface Runner {
  /** Gets ready what is imported late. */
  prepare(): Promise<void>;
  isReady(): boolean;
  /** Whether there are scripts that have not been answered. */
  isBusy(): boolean;
  /** Runs a script once, and resolves with what it returns; rejects when there is no answer in time. */
  run(client: ValkeyClient, script: string, keys: unknown[], args: unknown[]): Promise<unknown>;
  /** Runs a script apart from all others, so that a client of a cluster follows the answer to where a key is now. */
  runApart(client: ValkeyClient, script: string, keys: unknown[], args: unknown[]): Promise<unknown>;
  /** The bytes as a client takes them: any other array it would write down as text. */
  toBuffer(bytes: Uint8Array): Uint8Array;
  /** Copies a value for as long as it takes to be written. */
  hold(value: Uint8Array): Uint8Array;
}

/** Returns what runs scripts, each of which is answered within the time out. */
export function createRunner(timeout: number): Runner {
  const { guard, isBusy } = createWatchdog(timeout);
  const hashes = new Map<string, string>();
  let buffers: typeof Buffer | undefined;

  async function evaluate(client: ValkeyClient, chosen: string, keys: unknown[], args: unknown[]): Promise<unknown> {
    try {
      // As arrays: more arguments than an engine passes on are not rare.
      return await client.evalshaBuffer(hashes.get(chosen), keys.length, keys, args);
    } catch (error) {
      // A server that was started anew, or has taken another's place.
      if (!String((error as Error).message).startsWith("NOSCRIPT")) throw error;
      return client.evalBuffer(chosen, keys.length, keys, args);
    }
  }

  return {
    async prepare() {
      if (buffers) return;
      const { Buffer } = await import("node:buffer");
      for (const each of [script, getScript, setScript]) {
        const digest = await crypto.subtle.digest("SHA-1", Buffer.from(each));
        hashes.set(each, Buffer.from(digest).toString("hex"));
      }
      buffers = Buffer;
    },
    isReady: () => buffers !== undefined,
    isBusy,
    run: (client, chosen, keys, args) => guard(evaluate(client, chosen, keys, args)),
    runApart: (client, chosen, keys, args) => guard(client.evalBuffer(chosen, keys.length, keys, args)),
    toBuffer: (bytes) =>
      buffers!.isBuffer(bytes) ? bytes : buffers!.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length),
    hold: (value) => (buffers ? buffers.from(value) : new Uint8Array(value)),
  };
}
