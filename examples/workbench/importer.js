import { isStoreError, StoreError } from "../../dist/shelflife.min.js";
import { countEntries } from "./counter.js";
import { readExport } from "./exportFormat.js";
import { formatSize } from "./format.js";
import { createImportDialog } from "./importDialog.js";
import { attempt, say } from "./messages.js";

const mostAtOnce = 100;
const mostBytes = 4_000_000;
// What is wrong with one entry, and not with the rest.
const own = ["cant-encode", "invalid-argument", "quota-exceeded"];

/** Writes the entries of a file into the store: of one that is whole, or whatever can be read of one that is not. */
export function createImporter(session, { listing, job }) {
  const input = document.querySelector("#import-file");
  const dialog = createImportDialog();

  /** Reads a file to its end, before anything of it is written. */
  async function check(file) {
    const found = { entries: 0, expired: 0, damaged: [], isWhole: false, hasEnd: false };
    const isRead = await job.run(`Checking ${file.name}`, async ({ signal, show }) => {
      let size = 0;
      for await (const item of readExport(chunksOf(file, signal, (length) => (size += length)))) {
        if (item.kind === "damage") found.damaged.push(`Line ${item.line}: expected ${item.expected}`);
        else if (item.kind === "end") Object.assign(found, { hasEnd: true, isWhole: item.isWhole });
        else {
          found.entries++;
          if (item.expiresAt <= Date.now()) found.expired++;
          if (found.entries % 500 === 0) show(`Checked ${countEntries(found.entries)}`, size / file.size);
        }
      }
    });
    return isRead && found;
  }

  async function write(file, { isReplacing, entries }) {
    const { store } = session;
    const done = { written: 0, present: 0, expired: 0, kept: [], failed: [], stopped: undefined };
    const written = (key) => {
      done.written++;
      listing.note("set", key);
    };
    const isDone = await job.run(`Importing ${file.name}`, async ({ signal, show }) => {
      for await (const batch of batches(readExport(chunksOf(file, signal)))) {
        // All of them end before a failure is reported: nothing goes on unseen.
        const tries = batch.map((entry) => writeOne(store, entry, { isReplacing, signal, done, written }));
        const failure = (await Promise.allSettled(tries)).find(({ status }) => status === "rejected");
        if (failure) throw failure.reason;
        const count = done.written + done.present + done.expired + done.kept.length + done.failed.length;
        show(`Imported ${count.toLocaleString("en")} of ${entries.toLocaleString("en")}`, count / entries);
      }
    });
    if (!isDone) done.stopped = "It was stopped before its end. Import the file again to go on.";
    say(`Imported ${countEntries(done.written)} from ${file.name}`);
    await dialog.report(file.name, done);
  }

  async function run(file) {
    if (!session.current) throw new StoreError("unavailable", "Cannot import: expected a store that is open, got none");
    const found = await check(file);
    if (!found) return;
    const answer = await dialog.ask(`${file.name}, ${formatSize(file.size)}`, found);
    if (answer) await write(file, { ...answer, entries: found.entries });
  }

  document.querySelector("#import").addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (file) await attempt(() => run(file));
    input.value = "";
  });
}

/** Reads a file piece by piece. */
async function* chunksOf(file, signal, onChunk = () => {}) {
  const reader = file.stream().getReader();
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) return;
      onChunk(value.length);
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Puts entries together, as many as are written at once; of two under one key the second comes later. */
async function* batches(items) {
  let batch = new Map();
  let bytes = 0;
  for await (const item of items) {
    if (item.kind !== "entry") continue;
    if (batch.size && (batch.size === mostAtOnce || bytes > mostBytes || batch.has(item.key))) {
      yield [...batch.values()];
      batch = new Map();
      bytes = 0;
    }
    batch.set(item.key, item);
    bytes += item.value.length;
  }
  if (batch.size) yield [...batch.values()];
}

async function writeOne(store, { key, value, expiresAt }, { isReplacing, signal, done, written }) {
  if (expiresAt <= Date.now()) return void done.expired++;
  try {
    if (isReplacing) await store.set(key, value, { expiresAt, signal });
    else if (!(await store.setIfAbsent(key, value, { expiresAt, signal }))) {
      const there = await store.find(key, { signal });
      const isSame = there?.length === value.length && there.every((byte, index) => byte === value[index]);
      if (isSame) done.present++;
      else done.kept.push(key);
      return;
    }
    written(key);
  } catch (error) {
    if (!isStoreError(error) || !own.includes(error.code)) throw error;
    done.failed.push({ key, reason: error.message });
  }
}
