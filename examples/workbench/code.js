import { moduleOf, pageOf, scripts, serverOf, shownConfig } from "./codeOf.js";
import { attempt, say } from "./messages.js";

const about = {
  module: "For Node, Deno, Bun and bundlers, after npm install shelflife.",
  page: "For a page without a build step.",
  server: "For the command, to serve a store to this page and others.",
};

/** The panel that shows the store that is open in code. */
export function createCode() {
  const form = document.querySelector("#code");
  const words = document.querySelector("#code-about");
  const code = document.querySelector("#code-lines code");
  let config;
  let pinned;

  async function write(kind) {
    const shown = shownConfig(config, location.href);
    if (kind === "module") return moduleOf(shown);
    return kind === "page" ? pageOf(shown, await (pinned ??= pin())) : serverOf(shown, location.origin);
  }

  async function show() {
    const kind = form.elements.code.value;
    words.textContent = about[kind];
    const lines = await write(kind);
    if (kind === form.elements.code.value) code.textContent = lines;
  }

  async function copy() {
    // Where a page may not write to the clipboard, the lines are at least selected.
    getSelection().selectAllChildren(code);
    await navigator.clipboard.writeText(code.textContent);
    say("Copied the code");
  }

  for (const input of form.elements.code) input.addEventListener("change", () => void attempt(show));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(copy);
  });

  return {
    /** Shows how to open a store of this configuration. */
    show(next) {
      config = next;
      return attempt(show);
    },
  };
}

/** Reads which version this is, and what a browser holds its scripts against. */
async function pin() {
  const { version } = await (await fetch("/package.json")).json();
  const hash = async (name) => {
    const bytes = await (await fetch(`/dist/${name}`)).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-384", bytes));
    return [name, `sha384-${btoa(String.fromCharCode(...digest))}`];
  };
  return { version, hashes: Object.fromEntries(await Promise.all(Object.values(scripts).map(hash))) };
}
