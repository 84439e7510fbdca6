/** What a request may do, as a handler understands it. */
export type Action = "read" | "write" | "list" | "watch";

/** What somebody may do, and with which keys. */
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

// RFC 6750: a scheme in any case, and the characters that a token may have.
const bearer = /^bearer +([\w\-.~+/]+=*) *$/i;

/** Returns the token that a request bears. */
export function readBearer({ headers }: Request): string | undefined {
  return bearer.exec(headers.get("authorization") ?? "")?.[1];
}
