import { offlineFactory } from "../../dist/offline.js";
import { isStoreError, open, register, registry, StoreError, valid } from "../../dist/shelflife.min.js";
import { createLog } from "./changes.js";
import { createCode } from "./code.js";
import { createConfig } from "./config.js";
import { createEntries } from "./entries.js";
import { createEntry } from "./entry.js";
import { attempt, say } from "./messages.js";
import { createOffline, throughNetwork } from "./offline.js";
import { createPut } from "./put.js";
import { createUsage } from "./usage.js";

/** The store that is open now: `current`, or `store` for whoever cannot do without. */
const session = {
  current: undefined,
  get store() {
    if (this.current) return this.current;
    throw new StoreError("unavailable", "No store is open: expected a configuration that can be opened");
  },
};
const retryAfter = 3000;
let latest = 0;

const persistence = document.querySelector("#persistence");
const log = createLog();
const usage = createUsage();
const entry = createEntry(session, {
  remove: (gone) => entries.remove(gone),
  changed: (change) => entries.changed(change),
});
const entries = createEntries(session, entry.open);
const config = createConfig(change);
const code = createCode();
const offline = createOffline(session);
createPut(session, { changed: entries.changed, reveal: showPut });

/** Shows the form where a narrow window shows one part at a time. */
function showPut() {
  document.querySelector('[name="view"][value="put"]').checked = true;
}

/** Opens another store in place of the one that is open, which stays if that fails. Resolves with whether it is the one now. */
async function change(next) {
  valid(next);
  const mine = ++latest;
  const store = await open(throughNetwork(next));
  // Another choice was made meanwhile.
  if (mine !== latest) {
    await store.close();
    return false;
  }
  const old = session.current;
  session.current = store;
  entry.close();
  entries.forgetAll();
  log.clear();
  persistence.textContent = store.isPersistent() ? "survives a reload" : "gone on reload";
  persistence.dataset.persistent = String(store.isPersistent());
  offline.show();
  void code.show(next);
  void follow(store);
  if (next.backend === "http") void ping(store);
  say(`Opened ${next.backend}`);
  void entries.restart();
  usage.of(next);
  if (old) void attempt(() => old.close());
  return true;
}

/** Listens to the store for as long as it is the one that is open, and again when that breaks off. */
async function follow(store) {
  for (let isAgain = false; session.current === store; isAgain = true) {
    try {
      await listen(store, isAgain);
    } catch (error) {
      if (session.current !== store) return;
      log.setLive("not live", error.message);
      if (isStoreError(error, "unsupported")) return;
    }
    await new Promise((resolve) => setTimeout(resolve, retryAfter));
  }
}

async function listen(store, isAgain) {
  const changes = store.watch();
  let isWatching = true;
  // Whatever is asked of the store is answered once the watch has begun, or was refused.
  const begun = store.list({ limit: 1 }).then(() => {
    if (!isWatching || session.current !== store) return;
    log.setLive("live");
    if (!isAgain) return;
    // What changed meanwhile was not reported.
    entries.forgetAll();
    entries.refresh();
  });
  begun.catch(() => {});
  try {
    for await (const change of changes) {
      if (session.current !== store) return;
      if (change.type === "resync") {
        entries.forgetAll();
        entries.refresh();
        usage.refresh();
        continue;
      }
      log.add(change);
      entries.changed(change);
      entry.changed(change);
      usage.refresh();
    }
  } finally {
    isWatching = false;
  }
}

/** Asks a server now and then whether it is there: a watch outlives that it is away, without a word. */
async function ping(store) {
  for (let isAway = false; ;) {
    await new Promise((resolve) => setTimeout(resolve, retryAfter));
    if (session.current !== store) return;
    if (document.hidden) continue;
    try {
      await store.has("ping");
      if (session.current !== store) return;
      if (isAway) {
        log.setLive("live");
        entries.forgetAll();
        entries.refresh();
      }
      isAway = false;
    } catch (error) {
      if (session.current !== store) return;
      isAway = true;
      log.setLive("not live", error.message);
    }
  }
}

document.querySelector("#sweep").addEventListener("click", () =>
  attempt(async () => {
    const count = await session.store.sweep();
    say(count === 1 ? "Swept 1 expired entry" : `Swept ${count.toLocaleString("en")} expired entries`);
  }),
);

document.querySelector("#clear").addEventListener("click", () => void attempt(entries.clear));

// By script: as a part of the address its target would take the place of the configuration.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.querySelector("#list").focus();
});

// What somebody opens is seen, also at the lower end of a column.
for (const details of document.querySelectorAll(".panel details")) {
  details.addEventListener("toggle", () => {
    if (!details.open || !details.contains(document.activeElement)) return;
    details.closest(".panel").scrollIntoView({ block: "nearest" });
  });
}

// A page that was hidden or put away may have slept.
document.addEventListener("resume", () => entries.refresh());
addEventListener("pageshow", ({ persisted }) => persisted && entries.refresh());

register("offline", offlineFactory(registry));
await config.start();
