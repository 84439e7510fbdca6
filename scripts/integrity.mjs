// Writes the version and the hash of the script into README's tag, so that a browser runs that file and no other.
//   node scripts/integrity.mjs     which packing does (prepack), when dist is made
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { root } from "./run.mjs";

/** Returns the integrity of a file, as a tag has it. */
export function integrityOf(bytes) {
  return `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
}

/** Returns a text with its one script tag for the version and the bytes of a script. */
export function pin(text, version, bytes) {
  const tag = /(shelflife)@[^/"]+(\/dist\/shelflife\.umd\.min\.js"\s+integrity=")[^"]*(?=")/g;
  if (text.match(tag)?.length !== 1) throw new Error("Cannot pin the script: expected one tag with its integrity");
  return text.replace(tag, (_, name, between) => `${name}@${version}${between}${integrityOf(bytes)}`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const script = readFileSync(`${root}dist/shelflife.umd.min.js`);
  writeFileSync(`${root}README.md`, pin(readFileSync(`${root}README.md`, "utf8"), version, script));
}
