import { element } from "./element.js";
import { showKey } from "./format.js";
import { pretty } from "./jsonText.js";
import { attempt, say } from "./messages.js";
import { network } from "./network.js";
import { preview, sniff } from "./sniff.js";

const mostLaidOut = 20_000;
const kinds = {
  overwrote: "Mine was written over a value that was not seen here.",
  lost: "Theirs stayed, since mine was decided on an older value.",
  refused: "The server refused mine.",
  uncertain: "Nobody knows whether mine has arrived.",
};

/** Returns a configuration whose requests go by the network that can be cut, where it is one of an offline store. */
export function throughNetwork(config) {
  const { remote } = config.parameters ?? {};
  if (config.backend !== "offline" || remote?.backend !== "http") return config;
  const parameters = { ...remote.parameters, fetch: network.fetch };
  return { ...config, parameters: { ...config.parameters, remote: { ...remote, parameters } } };
}

/** Says how the two sides of a store stand. */
function describe({ blocked, online, pending, lastSynced }) {
  const what = pending === 1 ? "1 key waits" : `${pending.toLocaleString("en")} keys wait`;
  const why = network.isCut
    ? "the network is cut"
    : blocked === "unauthorized"
      ? "the server lets nobody in without another token"
      : blocked
        ? "the server has the data of another account"
        : online
          ? "on the way to the server"
          : "the server cannot be reached";
  if (pending) return `${what}: ${why}`;
  if (network.isCut || blocked || !online) return `Nothing waits; ${why}`;
  return lastSynced ? `All is on the server, as of ${new Date(lastSynced).toLocaleTimeString("en-GB")}` : "Connecting…";
}

/** The panel of a store that is two: what waits and why, what is in conflict, and a switch that cuts the network. */
export function createOffline(session) {
  const panel = document.querySelector("#offline");
  const words = document.querySelector("#offline-status");
  const list = document.querySelector("#conflicts");
  const cut = document.querySelector("#cut");
  const isOurs = (store) => session.current === store && typeof store?.status === "function";

  function showStatus() {
    const store = session.current;
    cut.checked = network.isCut;
    if (!isOurs(store)) return;
    const status = store.status();
    words.textContent = describe(status);
    words.dataset.state =
      status.online && !network.isCut && !status.blocked ? (status.pending ? "busy" : "good") : "away";
  }

  async function follow(store) {
    let before = 0;
    for await (const { conflicts } of store.statuses()) {
      if (!isOurs(store)) return;
      showStatus();
      if (conflicts !== before) void attempt(() => showConflicts(store));
      before = conflicts;
    }
  }

  async function showConflicts(store) {
    const found = await store.conflicts();
    if (isOurs(store)) list.replaceChildren(...found.reverse().map((conflict) => card(store, conflict)));
  }

  /** Makes a value the one that counts, unless it is already, and forgets the conflict. */
  function keep(store, { id, key, kind, ...values }, side) {
    return attempt(async () => {
      const stands = kind === "overwrote" ? "mine" : "theirs";
      if (side !== stands && values[side]) {
        const { expiresAt } = (await store.entry(key)) ?? {};
        await store.set(key, values[side], { expiresAt });
      } else if (side !== stands) await store.deleteMany([key]);
      await store.dismiss([id]);
      say(`Kept ${side} of ${showKey(key)}`);
      await showConflicts(store);
      (list.querySelector("button") ?? cut).focus();
    });
  }

  function card(store, conflict) {
    const { key, kind, error } = conflict;
    const head = element("p", { textContent: error ? `${kinds[kind]} ${error.message}` : kinds[kind] });
    head.prepend(element("bdi", { textContent: showKey(key) }));
    const sides = ["mine", "theirs"].map((side) => {
      const part = element("div");
      const value = conflict[side];
      const button = element("button", { type: "button", textContent: `Keep ${side}` });
      button.setAttribute("aria-label", `Keep ${side} of ${showKey(key)}`);
      button.onclick = () => void keep(store, conflict, side);
      const shown = value ? element("pre", { textContent: show(value) }) : element("em", { textContent: "no value" });
      part.append(element("h3", { textContent: side === "mine" ? "Mine" : "Theirs" }), shown, button);
      return part;
    });
    const item = element("li");
    item.append(head, ...sides);
    return item;
  }

  cut.addEventListener("change", () => {
    network.cut(cut.checked);
    // It looks again by itself, but not as soon as whoever has used the switch expects it.
    if (isOurs(session.current)) session.current.sync().catch(showStatus);
  });
  network.changed(showStatus);

  return {
    /** Shows the store that is open now, if it is two. */
    show() {
      const store = session.current;
      panel.hidden = !isOurs(store);
      list.replaceChildren();
      showStatus();
      if (!panel.hidden) void attempt(() => follow(store));
    },
  };
}

/** Shows a value: JSON laid out, of anything else how it begins. */
function show(value) {
  const type = sniff(value);
  return type.kind === "JSON" && value.length < mostLaidOut ? pretty(type.text) : preview(value, type) || "an image";
}
