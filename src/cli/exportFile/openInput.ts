import type { FileHandle } from "node:fs/promises";
import { quote, StoreError } from "../../core/error.ts";
import { reasonOf } from "../reasonOf.ts";
import type { World } from "../world.ts";
import { createSpool, readFrom } from "./spool.ts";

/** An export as it is read: once to see that it is whole, and again to write it. */
export interface Input {
  /** Returns its bytes as they come. Ends with the signal's reason. */
  first(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Returns its bytes again, if it was opened for that. */
  again(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens what an import reads: a file, or without a name what comes in. What is to be read twice and cannot be, as a pipe, is kept
 * meanwhile: in memory up to 16 MiB, then in a temporary file.
 */
export async function openInput(name: string | undefined, world: World, isReadTwice: boolean): Promise<Input> {
  if (name === undefined) return openStream(world.input(), isReadTwice, async () => {});
  const { open } = await import("node:fs/promises");
  const { resolve } = await import("node:path");
  let file: FileHandle | undefined;
  try {
    file = await open(resolve(world.folder, name));
    const found = await file.stat();
    if (found.isDirectory()) throw new Error("expected a file");
    const close = (): Promise<void> => file!.close();
    const read = (start: number | null): AsyncIterable<Uint8Array> => named(name, readFrom(file!, start));
    return found.isFile()
      ? { first: (signal) => endBy(signal, read(0)), again: () => read(0), close }
      : openStream(read(null), isReadTwice, close);
  } catch (cause) {
    await file?.close();
    throw failure(name, cause);
  }
}

/** Returns an input of what comes once. */
function openStream(chunks: AsyncIterable<Uint8Array>, isKept: boolean, close: () => Promise<void>): Input {
  const spool = createSpool();
  return {
    first: (signal) => (isKept ? spool.fill(endBy(signal, chunks)) : endBy(signal, chunks)),
    again: () => spool.read(),
    async close() {
      await spool.close();
      await close();
    },
  };
}

/** Ends what comes when a signal says so, also while nothing comes. */
async function* endBy(signal: AbortSignal, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  for (;;) {
    signal.throwIfAborted();
    const { promise, reject } = withReject();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort);
    try {
      const { done, value } = await Promise.race([iterator.next(), promise]);
      if (done) return;
      yield value;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}

function withReject(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject!: (reason: unknown) => void;
  const promise = new Promise<never>((_, given) => (reject = given));
  return { promise, reject };
}

async function* named(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (cause) {
    throw failure(name, cause);
  }
}

function failure(name: string, cause: unknown): StoreError {
  return new StoreError("unavailable", `Cannot import ${quote(name)}: ${reasonOf(cause)}`, { cause });
}
