const signatures = [
  ["image/png", 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["image/jpeg", 0, [0xff, 0xd8, 0xff]],
  ["image/gif", 0, [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", 8, [0x57, 0x45, 0x42, 0x50]],
  ["image/avif", 4, [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69, 0x66]],
  ["image/x-icon", 0, [0x00, 0x00, 0x01, 0x00]],
];
// Beyond this, parsing would be felt.
const mostJson = 1_000_000;
// Line breaks and tabs are text; of the other control characters a text has none.
// oxlint-disable-next-line no-control-regex
const control = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;

/**
 * Finds out from the bytes alone what a value is: `kind` is "text", "JSON", "image" or "binary", and `text` is there when the
 * bytes are text, in a form that encodes to the same bytes again.
 */
export function sniff(bytes) {
  for (const [mime, offset, signature] of signatures) {
    if (signature.every((byte, index) => bytes[offset + index] === byte)) return { kind: "image", mime };
  }
  const text = decode(bytes);
  if (text === undefined) return { kind: "binary", mime: "application/octet-stream" };
  if (/^\s*(<\?xml[^>]*>\s*)?<svg[\s>]/.test(text)) return { kind: "image", mime: "image/svg+xml", text };
  return isJson(text) ? { kind: "JSON", mime: "application/json", text } : { kind: "text", mime: "text/plain", text };
}

function decode(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return control.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function isJson(text) {
  if (text.length > mostJson || !/^\s*[[{"\-\dtfn]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Shows the beginning of a value on one line. */
export function preview(bytes, { kind, text }) {
  if (text !== undefined) return text === "" ? "empty" : text.slice(0, 400).replace(/\s+/g, " ").trim().slice(0, 160);
  return kind === "image" ? "" : hex(bytes.subarray(0, 16)) + (bytes.length > 16 ? " …" : "");
}

/** Shows bytes as pairs of hexadecimal digits. */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** Shows bytes as a table of sixteen in a line, with their place and their ASCII. */
export function hexTable(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const line = bytes.subarray(at, at + 16);
    const ascii = String.fromCharCode(...line.map((byte) => (byte > 31 && byte < 127 ? byte : 46)));
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hex(line).padEnd(47)}  ${ascii}`);
  }
  return lines.join("\n");
}
