import { letExit, longestDelay } from "../../core/timers.ts";
import type { ValkeyClient } from "./connection.ts";
import { getScript, script, setScript } from "./script.ts";

/** Has scripts run by a server. */
export interface Runner {
  /** Gets ready what is imported late. */
  prepare(): Promise<void>;
  isReady(): boolean;
  /** Whether there are scripts that have not been answered. */
  isBusy(): boolean;
  /** Runs a script once, and resolves with what it returns; rejects when there is no answer in time. */
  run(client: ValkeyClient, script: string, keys: unknown[], args: unknown[]): Promise<unknown>;
  /** The bytes as a client takes them: any other array it would write down as text. */
  toBuffer(bytes: Uint8Array): Uint8Array;
  /** Copies a value for as long as it takes to be written. */
  hold(value: Uint8Array): Uint8Array;
}

interface Flight {
  readonly at: number;
  land(error: Error): void;
}

/** Returns what runs scripts, each of which is answered within the time out. */
export function createRunner(timeout: number): Runner {
  const hashes = new Map<string, string>();
  // What waits for an answer, the oldest first.
  const flights = new Set<Flight>();
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let buffers: typeof Buffer | undefined;

  /** Gives up on what gets no answer in time. One timer for all: most answers come soon. */
  function guard<R>(work: Promise<R>): Promise<R> {
    return new Promise((resolve, land) => {
      const flight: Flight = { at: performance.now(), land };
      flights.add(flight);
      if (!watchdog) lookAfter(timeout);
      work.then(
        (result) => {
          end(flight);
          resolve(result);
        },
        (error: unknown) => {
          end(flight);
          land(error);
        },
      );
    });
  }

  function end(flight: Flight): void {
    flights.delete(flight);
  }

  function lookAfter(delay: number): void {
    watchdog = setTimeout(look, Math.min(delay, longestDelay));
    // A connection that waits for an answer keeps the process by itself.
    letExit(watchdog);
  }

  function look(): void {
    watchdog = undefined;
    const now = performance.now();
    for (const flight of flights) {
      const left = flight.at + timeout - now;
      if (left > 0) return lookAfter(left);
      end(flight);
      flight.land(new Error(`no answer within ${timeout} ms`));
    }
  }

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
    isBusy: () => flights.size > 0,
    run: (client, chosen, keys, args) => guard(evaluate(client, chosen, keys, args)),
    toBuffer: (bytes) =>
      buffers!.isBuffer(bytes) ? bytes : buffers!.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length),
    hold: (value) => (buffers ? buffers.from(value) : new Uint8Array(value)),
  };
}
