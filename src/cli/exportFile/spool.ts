import { StoreError } from "../../core/error.ts";
import { reasonOf } from "../reasonOf.ts";

// As much is kept in memory; what is longer goes to a file: bytes.
const inMemory = 16 * 1024 * 1024;

/** What comes in once, kept so that it can be read again. */
export interface Spool {
  /** Passes on what comes in, when it is kept. */
  fill(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
  /** Returns what was kept, from its beginning. */
  read(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

interface SpoolFile {
  append(chunk: Uint8Array): Promise<void>;
  read(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** Returns a spool that has nothing yet. */
export function createSpool(): Spool {
  const parts: Uint8Array[] = [];
  let size = 0;
  let file: SpoolFile | undefined;

  async function keep(chunk: Uint8Array): Promise<void> {
    if (!file && size + chunk.length <= inMemory) {
      // It may be the reader's own, which writes into it again.
      parts.push(chunk.slice());
      size += chunk.length;
      return;
    }
    file ??= await createSpoolFile();
    await file.append(chunk);
  }

  return {
    async *fill(chunks) {
      for await (const chunk of chunks) {
        await keep(chunk);
        yield chunk;
      }
    },
    async *read() {
      yield* parts;
      if (file) yield* file.read();
    },
    close: async () => file?.close(),
  };
}

/** Makes a file among the system's temporary ones, which its owner alone can read, and which no name leads to where that can be. */
async function createSpoolFile(): Promise<SpoolFile> {
  const { mkdtemp, open, rm } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const failure = (cause: unknown): StoreError => {
    const expected = `expected room for it in ${JSON.stringify(tmpdir())} (TMPDIR)`;
    return new StoreError("unavailable", `Cannot keep what comes in: ${expected}, got ${reasonOf(cause)}`, { cause });
  };
  const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const folder = await mkdtemp(join(tmpdir(), "shelflife-"));
    const file = await open(join(folder, "import"), "wx+", 0o600);
    // At once, so that nothing is left whatever ends this process. Where an open file cannot be removed that is done at the end.
    await remove(folder).catch(() => {});
    return {
      append: (chunk) => file.appendFile(chunk).catch((cause: unknown) => Promise.reject(failure(cause))),
      read: () => readFrom(file),
      async close() {
        await file.close();
        await remove(folder);
      },
    };
  } catch (cause) {
    throw failure(cause);
  }
}

/** A file that is open for reading. */
export interface ReadableFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number | null): Promise<{ bytesRead: number }>;
}

const chunkBytes = 64 * 1024;

/** Reads a file from its beginning, or what comes out of it if it has none. */
export async function* readFrom(file: ReadableFile, start: number | null = 0): AsyncGenerator<Uint8Array> {
  for (let position = start; ;) {
    const buffer = new Uint8Array(chunkBytes);
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, position);
    if (!bytesRead) return;
    if (position !== null) position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
