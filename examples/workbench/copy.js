import { element } from "./element.js";
import { formatSize, showKey } from "./format.js";
import { say } from "./messages.js";
import { sniff } from "./sniff.js";

/** Copies text, also one that is still to come: a browser takes it only at once. */
export async function copy(text) {
  if (typeof text === "string") return navigator.clipboard.writeText(text);
  const blob = text.then((words) => new Blob([words], { type: "text/plain" }));
  return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}

/** Copies a value: as text where it is text, and in base64 where it is not. */
export async function copyValue(store, key) {
  let how = "";
  const text = store.get(key).then((value) => {
    const found = sniff(value).text;
    how = `${formatSize(value.length)}${found === undefined ? " in base64" : ""}`;
    return found ?? toBase64(value);
  });
  await copy(text);
  say(`Copied the value of ${showKey(key)}, ${how}`);
}

/** Writes bytes in base64. */
export function toBase64(bytes) {
  let binary = "";
  const chunk = 0x8000;
  for (let at = 0; at < bytes.length; at += chunk) binary += String.fromCharCode(...bytes.subarray(at, at + chunk));
  return btoa(binary);
}

/** Downloads a blob under a name. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: name }).click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Downloads a value under the last part of its key. */
export async function downloadValue(store, key) {
  const value = await store.get(key);
  download(new Blob([value], { type: sniff(value).mime }), key.split("/").at(-1) || "value");
  say(`Downloaded ${showKey(key)}, ${formatSize(value.length)}`);
}
