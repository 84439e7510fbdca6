/** What a request may do: `read` values, `write` and remove them, `list` keys, `watch` changes. */
export type Action = "read" | "write" | "list" | "watch";

/** What the sender of a request may do, and with which keys. */
export interface Scope {
  /** What the keys begin with in the store, unseen by the client. @default "" */
  readonly prefix?: string | undefined;
  /** @default everything */
  readonly can?: readonly Action[] | undefined;
}

export const actions: readonly Action[] = ["read", "write", "list", "watch"];

export function isActions(value: unknown): value is readonly Action[] {
  return Array.isArray(value) && value.every((action) => actions.includes(action));
}

/** Whether a value can be what keys begin with: well-formed, and short enough that a key is left. */
export function isPrefix(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const bytes = new TextEncoder().encode(value);
  return bytes.length < 1024 && new TextDecoder().decode(bytes) === value;
}
