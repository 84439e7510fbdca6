import type { StoreErrorCode } from "../../core/error.ts";

/** The status that an error of a store is answered with. */
export const statuses: Readonly<Record<StoreErrorCode, number>> = {
  "not-found": 404,
  "invalid-argument": 400,
  unauthorized: 401,
  conflict: 409,
  "cant-decode": 422,
  "cant-encode": 422,
  "bad-config": 500,
  unsupported: 501,
  closed: 503,
  unavailable: 503,
  "quota-exceeded": 507,
};

/** Why a request is refused before a store is asked, or on a condition of its own: with which status, and which code. */
export const reasons = {
  path: [404, "invalid-argument"],
  method: [405, "invalid-argument"],
  forbidden: [403, "unauthorized"],
  condition: [412, "conflict"],
  size: [413, "quota-exceeded"],
  encoding: [415, "invalid-argument"],
  reuse: [422, "invalid-argument"],
  running: [409, "conflict"],
  forgotten: [409, "conflict"],
  host: [421, "invalid-argument"],
  crowd: [429, "unavailable"],
  late: [503, "unavailable"],
  internal: [500, "unavailable"],
} as const;

export type Reason = keyof typeof reasons;
