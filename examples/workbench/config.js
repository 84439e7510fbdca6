import { isStoreError, StoreError } from "../../dist/shelflife.min.js";
import { element } from "./element.js";

// Swept more often than by default, so that one sees the expiries arrive among the changes.
const sweepInterval = 10_000;
const presets = {
  memory: { backend: "memory", parameters: { maxEntries: 100_000, sweepInterval } },
  indexeddb: { backend: "indexeddb", parameters: { database: "workbench", sweepInterval } },
  localstorage: { backend: "localstorage", parameters: { prefix: "workbench:", sweepInterval } },
  sessionstorage: { backend: "sessionstorage", parameters: { prefix: "workbench:", sweepInterval } },
  remote: { backend: "http", parameters: { url: "/store" } },
  offline: {
    backend: "offline",
    parameters: {
      local: { backend: "indexeddb", parameters: { database: "workbench-offline" } },
      remote: { backend: "http", parameters: { url: "/store" } },
    },
  },
};
const about = {
  memory: "Lives in this page and is gone with it.",
  indexeddb: "Stays in this browser, shared by its tabs. Room for gigabytes.",
  localstorage: "Stays in this browser, shared by its tabs. Room for about 5 MB.",
  sessionstorage: "Stays in this tab until it is closed. Room for about 5 MB.",
  remote: "Stays on the server, shared by all who reach it. Behind this page’s own lies SQLite.",
  offline: "IndexedDB here and the server there, made one: it goes on without a network, and catches up.",
};

/** Says which of the choices a configuration belongs to, if any. */
function choiceOf(config) {
  const { backend, parameters } = config ?? {};
  if (backend === "http") return "remote";
  if (backend === "localstorage" && parameters?.storage === "session") return "sessionstorage";
  return Object.hasOwn(presets, backend) ? backend : undefined;
}

const write = (config) => JSON.stringify(config, null, 2);

/** Reads the configuration that the address names after its #; IndexedDB when it names none. */
export function configFromAddress() {
  const hash = location.hash.slice(1) || "indexeddb";
  if (Object.hasOwn(presets, hash)) return presets[hash];
  try {
    return JSON.parse(decodeURIComponent(hash));
  } catch (cause) {
    const names = Object.keys(presets).join(", ");
    const message = `Invalid address: expected after its # one of ${names}, or a configuration as JSON, got "${hash}"`;
    throw new StoreError("bad-config", message, { cause });
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreError("bad-config", `The configuration is not JSON: ${cause.message}`, { cause });
  }
}

/** Keeps a configuration in the address, so that it survives a reload and another tab can have it; secrets stay out. */
function keepInAddress(config) {
  const choice = choiceOf(config);
  const isPreset = choice && write(config) === write(presets[choice]);
  const open = JSON.stringify(config, (name, value) => (name === "token" || name === "headers" ? undefined : value));
  const name = isPreset ? choice : encodeURIComponent(open);
  history.replaceState(null, "", `#${name}`);
}

/** The choice of a store by its configuration. `open` is called with one, and what it rejects with is shown here. */
export function createConfig(open) {
  const form = document.querySelector("#config");
  const text = form.elements.config;
  const details = form.closest("details");
  const problems = document.querySelector("#config-problems");
  const choices = document.querySelectorAll("#stores input");
  let choice = "indexeddb";

  function show(config) {
    text.value = write(config);
    mark(choiceOf(config));
  }

  function mark(next) {
    choice = next ?? choice;
    for (const input of choices) input.checked = input.value === next;
    document.querySelector("#about").textContent = next ? about[next] : "A backend of your own.";
  }

  function showProblem(error) {
    details.open = true;
    text.setAttribute("aria-invalid", "true");
    const code = element("code", {
      textContent: isStoreError(error) ? error.code : error.name,
    });
    // Of several problems each has a line of its own.
    const [, where, what] = /^(.*?: )((?:option|parameters) .*)$/s.exec(error.message) ?? [];
    const lines = what?.split(/; (?=option |parameters )/) ?? [];
    if (lines.length < 2) return problems.replaceChildren(code, error.message);
    const list = element("ul");
    list.append(...lines.map((line) => element("li", { textContent: line })));
    problems.replaceChildren(code, where, list);
  }

  async function apply(config) {
    try {
      if (!(await open(config))) return;
      text.removeAttribute("aria-invalid");
      problems.replaceChildren();
      mark(choiceOf(config));
      keepInAddress(config);
    } catch (error) {
      showProblem(error);
    }
  }

  async function applyText() {
    try {
      await apply(parse(text.value));
    } catch (error) {
      showProblem(error);
    }
    if (text.hasAttribute("aria-invalid")) text.focus();
  }

  /** Opens what the address names. What it names wrongly leaves the store that is open as it is, and its configuration. */
  function start() {
    try {
      const config = configFromAddress();
      show(config);
      return apply(config);
    } catch (error) {
      if (!text.value) show(presets[choice]);
      showProblem(error);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void applyText();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  document.querySelector("#config-reset").addEventListener("click", () => {
    show(presets[choice]);
    void applyText();
  });
  for (const input of choices) {
    input.addEventListener("change", () => {
      show(presets[input.value]);
      void applyText();
    });
  }
  addEventListener("hashchange", start);
  // Where all is in one column, the entries come first.
  details.open = matchMedia("(min-width: 900px)").matches;
  return { start };
}
