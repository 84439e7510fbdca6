/** What there is under a mount: each name is the last segment of a path. */
export const resources = [
  "batch",
  "changes",
  "entries",
  "entry",
  "increment",
  "replica",
  "sweep",
  "take",
  "touch",
] as const;
/** The name of a resource: the last segment of a path. */
export type Resource = (typeof resources)[number];

/** A method of HTTP that a handler answers. */
export type Method = "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT";
