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
export type Resource = (typeof resources)[number];

export type Method = "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT";
