// With a bundler: "shelflife" and "shelflife/offline". These are URLs, which the server knows, because a service worker has no import map.
import { indexeddb, json, remote } from "./shelflife/index.js";
import { mergeJson, offline } from "./shelflife/offline.js";
import { mergeNotes } from "./merge.js";

/** What the keys of notes begin with. */
export const prefix = "note/";

/**
 * Opens the notes of a device: a database here, brought into step with the server. A device is a name, so that one browser
 * can be two of them.
 */
export function openNotes({ device, fetch, onConflict }) {
  const store = offline(
    indexeddb({ database: device ? `notes-${device}` : "notes", persist: true }),
    remote({ url: "/store", fetch }),
    { merge: mergeJson(mergeNotes), onConflict },
  );
  return { store, notes: json(store, { prefix }) };
}
