import { isHostName, isLoopback } from "../../core/expose.ts";
import type { Rule } from "../../core/options.ts";

/** The names that a server answers to: `"*"` for any. */
export type Hosts = "*" | readonly string[];

/** What {@link Hosts} have to be. */
export const hostNames: Rule = {
  expected: '"*" or a list of names such as store.example, without ports',
  test: (value) => value === "*" || (Array.isArray(value) && value.every(isHostName)),
};

/**
 * Returns whether a request is for this server: for localhost, a loopback address or one of the names. Without names an exposed
 * server answers to all; on loopback a page whose name a stranger's DNS leads there is of the same origin as the server to a
 * browser, which only the name that it asks for gives away.
 */
export function createHostCheck(hosts: Hosts | undefined, isExposed: boolean): (request: Request) => boolean {
  if (hosts === "*" || (hosts === undefined && isExposed)) return () => true;
  const names = new Set(hosts?.map((each) => nameOf(`http://${each}`)));
  // Nearly all ask for the same.
  let last: string | undefined;
  return ({ url }) => {
    const origin = /^https?:\/\/[^/?#]*/i.exec(url)?.[0];
    if (origin !== undefined && origin === last) return true;
    const name = origin && nameOf(origin);
    if (name === undefined || !(isLoopback(name) || names.has(name))) return false;
    last = origin;
    return true;
  };
}

/** Returns the name of the host in an origin, as URLs have it. */
function nameOf(origin: string): string | undefined {
  try {
    return new URL(origin).hostname;
  } catch {
    return undefined;
  }
}
