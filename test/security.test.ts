import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string): string => readFileSync(root + path, "utf8");

/** What has to be among the attacks. */
const attacks = [
  "Scope escape by key", "Header injection", "Path traversal", "Prototype pollution", "Oversized everything", "Timing of tokens",
  "CSRF", "Cross-origin reads", "Cache poisoning", "Request smuggling", "Slow loris", "Replay and duplicate delivery",
  "Secrets in logs and errors",
]; // prettier-ignore

test("each attack of the page is tried in the tests that it names", () => {
  const rows = read("docs/security.md")
    .split("\n")
    .filter((line) => line.startsWith("| **"))
    .map((line) => line.split(/ ?\| ?/).slice(1, -1));
  const listed = rows.map(([attack]) => /\*\*(.+?)\*\*/.exec(attack!)![1]!);
  assert.deepEqual(
    attacks.filter((attack) => !listed.includes(attack)),
    [],
  );
  for (const [attack, answer, proofs] of rows) {
    assert.ok(answer!.length > 20, attack);
    for (const proof of proofs!.split("<br>")) {
      const [, path, title] = /^\[[\w ,]+\]\(\.\.\/([\w/.]+\.ts)\): "(.+)"$/.exec(proof) ?? [];
      assert.ok(path && title, `${attack}: expected [file](path): "title", got ${proof}`);
      // A title that goes on is the same test in several places.
      const begins = [`"${title}"`, `\`${title} \${`].some((text) =>
        new RegExp(`\\b(?:test|it|fuzz)(?:\\.concurrent)?\\(\\s*${text.replace(/[^\w\s]/g, "\\$&")}`).test(read(path)),
      );
      assert.ok(begins, `${attack}: no test "${title}" in ${path}`);
    }
  }
});
