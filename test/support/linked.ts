import assert from "node:assert/strict";
import { remoteLink } from "../../src/http/link.ts";
import { prefix } from "../../src/views/prefix.ts";
import { pair } from "./pair.ts";

/** A pair with the link of its remote, or of the part of it with a prefix, and what its calls are made with. */
export function linked(options: Parameters<typeof pair>[0] = {}, part?: string) {
  const made = pair(options);
  const store = part === undefined ? made.far : prefix(made.far, part);
  const link = remoteLink(store)!;
  assert.equal(link.store, store);
  return { ...made, link, call: { now: made.clock.now } };
}
