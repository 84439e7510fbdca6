import type { Call } from "../core/contract.ts";
import type { Link, Remote } from "../core/link.ts";

/** Reads entries from the other side, each of which is either known by its tag or too large, or comes with its value. */
export async function readAll(
  link: Link,
  wanted: Parameters<Link["read"]>[0],
  call: Call,
): Promise<(Remote | undefined)[]> {
  const found = [...(wanted[0] ? await link.read(wanted, call) : [])];
  for (const [index, entry] of found.entries()) {
    // One that did not fit in with others comes alone.
    if (entry && !entry.value && entry.size === undefined && entry.tag !== wanted[index]![1])
      [found[index]] = await link.read([wanted[index]!], call);
  }
  return found;
}
