import { test } from "vitest";
import { sqlite } from "../../src/backends/sqlite.ts";
import type { Store } from "../../src/core/contract.ts";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import type { Feature, Subject } from "../../src/testing/case.ts";
import { cases } from "../../src/testing/cases.ts";
import { casesFor, prove } from "../../src/testing/prove.ts";

const can: readonly Feature[] = ["atomic", "transact", "list", "sweep", "watch", "bytes", "shared", "persistent"];
type Open = Subject["open"];

/** Opens the store that lasts of a medium, and one at the wire to it. */
function over(
  open: (options: Parameters<Open>[1]) => Store,
  connect: (store: Store, ...rest: Parameters<Open>) => Store,
): Open {
  const media = new Map<string, Store>();
  return (medium, options) => {
    const store = media.get(medium) ?? open(options);
    media.set(medium, store);
    return connect(store, medium, options);
  };
}

const wired = (store: Store, _: string, { now }: Parameters<Open>[1]): Store => {
  const serve = handler(store, { now });
  return remote({ url: "http://store.test", now, fetch: (url, init) => serve(new Request(url, init)) });
};

/** A store whose medium keeps a log, by which its handler answers. */
const logged = (options: Parameters<Open>[1]): Store => sqlite({ ...options, path: ":memory:", history: true });

// A remote over a handler over a memory store, which keeps none, is among the subjects of every runtime. These are its relatives.
const subjects: Subject[] = [
  {
    name: "a scope of a remote",
    can,
    keyBytes: 1024 - "tenant/1/".length,
    rounds: 100,
    open: over(logged, (store, _, { now }) => {
      const serve = handler(store, { now, authorize: () => ({ prefix: "tenant/1/" }) });
      return remote({ url: "http://store.test/", now, fetch: (url, init) => serve(new Request(url, init)) });
    }),
  },
  {
    name: "a remote of a remote",
    can,
    rounds: 100,
    open: over((options) => wired(logged(options), "", options), wired),
  },
];

for (const subject of subjects) {
  for (const each of casesFor(cases, subject)) test(`${subject.name}: ${each.name}`, () => prove(each, subject));
}
