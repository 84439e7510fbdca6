import { StoreError } from "../../dist/shelflife.min.js";

// Of texts that are JSON. Numbers and strings stay as they were typed, which parsing would not leave them.
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
// So that what is nested a thousandfold is not blank for the most part.
const mostIndent = 32;

/** Lays JSON out on lines, two spaces a level. */
export function pretty(text) {
  const all = text.match(tokens);
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, mostIndent))}`;
  return all
    .map((token, index) => {
      if (token === ":") return ": ";
      if (token === ",") return token + line();
      if (isOpening(token)) {
        depth++;
        return isClosing(all[index + 1]) ? token : token + line();
      }
      if (!isClosing(token)) return token;
      depth--;
      return isOpening(all[index - 1]) ? token : line() + token;
    })
    .join("");
}

const isOpening = (token) => token === "{" || token === "[";
const isClosing = (token) => token === "}" || token === "]";

/** Takes all blanks out of JSON that mean nothing. */
export const compact = (text) => text.match(tokens).join("");

/** Says why a text is not JSON; nothing when it is. */
export function problemOf(text) {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error.message;
  }
}

/** Throws `cant-encode` for a text that is not JSON. */
export function checkJson(text, key) {
  const problem = problemOf(text);
  if (problem !== undefined) throw new StoreError("cant-encode", `The value is not JSON: ${problem}`, { key });
}
