// A process that has nothing to do but to watch a store: [what it is, its options as JSON, whether it lets the process end].
import process from "node:process";
import "fake-indexeddb/auto";
import { indexeddb } from "../../src/backends/indexeddb.ts";
import { localstorage } from "../../src/backends/localstorage.ts";
import { memory } from "../../src/backends/memory.ts";
import { sqlite } from "../../src/backends/sqlite.ts";
import { valkey } from "../../src/backends/valkey.ts";
import type { Store } from "../../src/core/contract.ts";
import { remote } from "../../src/http/remote.ts";
import { cached } from "../../src/views/cached.ts";
import { json } from "../../src/views/json.ts";
import { prefix } from "../../src/views/prefix.ts";
import { TextStorage } from "../support/textStorage.ts";

const open: Record<string, (options: any) => Store<any>> = {
  memory,
  sqlite,
  valkey,
  remote,
  indexeddb,
  localstorage: () => localstorage({ storage: new TextStorage() as unknown as Storage }),
  prefix: () => prefix(memory(), "a/"),
  json: () => json(memory(), {}),
  cached: () => cached(memory(), { maxBytes: 1000 }),
};
const [name, options, unref] = process.argv.slice(2) as [string, string, string | undefined];
const store = open[name]!(JSON.parse(options));

if (unref === "follows") {
  // A cached view watches by itself, which nobody awaits.
  await store.set("key", new Uint8Array([1]));
  await store.get("key");
  await store.get("key");
} else {
  const changes = store.watch({ unref: unref === "unref" });
  await store.find("none");
  // Holds nothing by itself. A process that is to end gets no change, which could come first on a busy machine.
  const change = (): void => void store.set("key", name === "json" ? 1 : new Uint8Array([1]));
  if (!unref) setTimeout(change, 100).unref();
  void (async () => {
    for await (const change of changes) {
      process.stdout.write(JSON.stringify(change));
      break;
    }
    await store.close();
  })();
}
