import type { Page, Store } from "../../core/contract.ts";

/** Keys that a medium, a path or a separator could confuse. */
export const oddKeys: readonly string[] = [
  "a/b", "a:b", "a%2Fb", "a?b", "a#b", "a&b=c", "a+b", "a b", "..", ".", "/", "//", " ", "\0", "a\0b", "\u{1f600}", "é", "e\u0301",
  "__proto__", "constructor", "toString", "length", "null", "undefined", "0", "-1", "\r\n", "\t", "'\"`", "\\", "%", "%00", "\uffff", "\ufeff",
  "A", "a", "ａ", "*", "[a]", "key:", "\u{10ffff}",
]; // prettier-ignore

/** What is no key, whatever the backend. */
export const badKeys: readonly unknown[] = ["", "\ud800", "a\udc00", undefined, null, 1, {}, ["a"], Symbol.iterator];

/** So many keys, in their order. */
export const numbered = (count: number, name = "key"): string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${String(index).padStart(4, "0")}`);

/** Returns the keys that a store iterates over, sorted. */
export async function keysOf(store: Store<any>, prefix?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys(prefix === undefined ? undefined : { prefix })) keys.push(key);
  return keys.sort();
}

/** Goes through a listing by pages, and returns the keys of all. `onPage` gets each, and how many keys were seen by then. */
export async function seePages(
  store: Store<any>,
  limit: number,
  onPage: (page: Page, count: number) => unknown = () => {},
): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({ limit, cursor });
    for (const { key } of page.entries) seen.push(key);
    cursor = page.cursor;
    await onPage(page, seen.length);
  } while (cursor !== undefined);
  return seen;
}

/** A text, and what it may be an encoding of: what somebody reads who wants to know what is behind it. */
export function readings(text: string): string[] {
  const hex = text.replace(/[0-9a-f]{2}/gi, (pair) => String.fromCharCode(parseInt(pair, 16)));
  const base64 = text.split(/[^\w+/-]/).map((part) => {
    try {
      return atob(part.replace(/-/g, "+").replace(/_/g, "/"));
    } catch {
      return "";
    }
  });
  return [text, hex, ...base64, Array.from(text).reverse().join("")];
}
