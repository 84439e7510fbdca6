import { download } from "./copy.js";
import { countEntries } from "./counter.js";
import { endLine, entryLine, headerLine } from "./exportFormat.js";
import { formatSize } from "./format.js";
import { attempt, say } from "./messages.js";
import { createSha256 } from "./sha256.js";

// What is in memory at once.
const mostAtOnce = 100;
const mostBytes = 4_000_000;
const guessedSize = 100_000;
// From here on a browser that can writes straight into a file.
const large = 64_000_000;
const encoder = new TextEncoder();

/** Writes entries into a file, as the command's export does: those that are selected, or all that is searched for. */
export function createExporter(session, { search, listing, rows, job }) {
  const name = () => `shelflife-${new Date().toISOString().slice(0, 10)}.jsonl`;

  async function save(entries) {
    const known = entries ?? rows.list;
    const bytes = known.reduce((sum, { size = 0 }) => sum + size, 0);
    const file = await openFile(name(), bytes);
    if (!file) return;
    const { words, match } = search;
    const prefix = !entries && match === "prefix" ? words : "";
    const total = entries || listing.state === "complete" ? known.length : undefined;
    let isWhole = false;
    await job.run("Exporting", async ({ signal, show }) => {
      const { store } = session;
      const pages = entries ? [entries] : listAll(store, { prefix, signal, words: match === "text" ? words : "" });
      const progress = (count, size) => {
        const of = total === undefined ? "" : ` of ${total.toLocaleString("en")}`;
        show(`Exported ${count.toLocaleString("en")}${of}, ${formatSize(size)}`, total && count / total);
      };
      const count = await writeAll(file, { store, pages, prefix, signal, progress });
      await file.end();
      isWhole = true;
      say(`Exported ${countEntries(count)} to ${file.name}`);
    });
    if (isWhole) return;
    await file.discard();
    say("The export was stopped: no file was written");
  }

  document.querySelector("#export").addEventListener("click", () => void attempt(() => save()));
  return { save: (entries) => void attempt(() => save(entries)) };
}

/** Lists a store again, so that what is not listed here yet is there as well. */
async function* listAll(store, { prefix, words, signal }) {
  const needle = words.toLowerCase();
  let cursor;
  do {
    const page = await store.list({ prefix, cursor, signal });
    yield page.entries.filter(({ key }) => key.toLowerCase().includes(needle));
    cursor = page.cursor;
  } while (cursor !== undefined);
}

async function writeAll(file, { store, pages, prefix, signal, progress }) {
  const hash = createSha256();
  let count = 0;
  let size = 0;
  const write = (text) => {
    const bytes = encoder.encode(text);
    hash.update(bytes);
    return file.write(bytes);
  };
  await write(headerLine(prefix));
  for await (const page of pages) {
    for (const batch of split(page)) {
      signal.throwIfAborted();
      const found = await Promise.all(batch.map(({ key }) => store.entry(key, { signal })));
      const lines = found.flatMap((entry, index) => (entry ? [entryLine(batch[index].key, entry)] : []));
      await write(lines.join(""));
      count += lines.length;
      size += found.reduce((sum, entry) => sum + (entry?.value.length ?? 0), 0);
      progress(count, size);
    }
  }
  await file.write(encoder.encode(endLine(count, hash.digest())));
  return count;
}

function* split(entries) {
  let batch = [];
  let bytes = 0;
  for (const entry of entries) {
    const { size = guessedSize } = entry;
    if (batch.length === mostAtOnce || (batch.length && bytes + size > mostBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length) yield batch;
}

/** Opens a file to write: one that is chosen where it will be large, or else a download. Resolves with none if none is chosen. */
async function openFile(name, bytes) {
  if (bytes < large || !globalThis.showSaveFilePicker) return openDownload(name);
  try {
    const handle = await showSaveFilePicker({ suggestedName: name });
    const stream = await handle.createWritable();
    return {
      name: handle.name,
      write: (part) => stream.write(part),
      end: () => stream.close(),
      discard: () => stream.abort().catch(() => {}),
    };
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    return openDownload(name);
  }
}

function openDownload(name) {
  let blobs = [];
  let parts = [];
  let length = 0;
  // A browser may keep blobs on disk, and bytes it has to keep in memory.
  const fold = () => {
    blobs.push(new Blob(parts));
    parts = [];
    length = 0;
  };
  return {
    name,
    write(part) {
      parts.push(part);
      length += part.length;
      if (length > mostBytes) fold();
    },
    end() {
      fold();
      download(new Blob(blobs, { type: "application/jsonl" }), name);
    },
    discard: () => (blobs = parts = []),
  };
}
