// A process of its own that asks for values on a file which others share, line by line: [number, name of the call, ...arguments].
import { sqlite } from "../../src/backends/sqlite.ts";
import type { Store } from "../../src/core/contract.ts";
import { getOrSet } from "../../src/over/getOrSet.ts";
import { answerCalls } from "../support/childCalls.ts";
import { text, utf8 } from "../support/bytes.ts";

let store: Store;
let loads = 0;

await answerCalls({
  open: async (path: string) => void (store = sqlite({ path })),
  /** Asks so often, all at once, and resolves with what came and how often it was loaded here. */
  async ask(key: string, callers: number, value: string) {
    const load = async () => {
      loads++;
      // As long as the other process takes to come.
      await new Promise((resolve) => setTimeout(resolve, 200));
      return utf8(value);
    };
    const options = { ttl: 60_000, lease: 60_000 };
    const values = await Promise.all(Array.from({ length: callers }, () => getOrSet(store, key, load, options)));
    return [[...new Set(values.map((each) => text(each)))], loads];
  },
  close: () => store.close(),
});
