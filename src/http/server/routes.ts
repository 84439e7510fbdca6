import type { Awaitable } from "../../core/contract.ts";
import type { Resource } from "../wire/resource.ts";
import type { Ask } from "./ask.ts";
import { runBatch } from "./batch.ts";
import { createChangesReplies } from "./changes.ts";
import { createEntryReplies } from "./entry.ts";
import type { Feed } from "./feed.ts";
import type { Limits } from "./limits.ts";
import { createListingReplies } from "./listing.ts";
import type { Types } from "./mediaTypes.ts";
import { parametersOf } from "./operation.ts";
import { operations, requests, type Requested } from "./operations.ts";
import type { Reply } from "./reply.ts";
import type { Routes } from "./route.ts";

/** How each operation that a request may ask for is answered. */
type Replies = { readonly [name in Requested]: (ask: Ask) => Awaitable<Reply> };

/** Returns what is done about each resource. */
export function createRoutes(
  limits: Limits,
  { feed, types }: { feed: Feed; types: Types },
): { readonly [resource in Resource]: Routes } {
  const replies: Replies = {
    ...createEntryReplies(types),
    ...createListingReplies(limits.maxItems),
    ...createChangesReplies(feed, limits.maxStreams),
    batch: (ask) => runBatch(ask, limits),
  };
  const routes = Object.entries(requests).map(([resource, methods]): [string, Routes] => {
    const asked = Object.entries(methods).map(([method, name]) => {
      const { needs } = operations[name];
      return [method, { needs, parameters: parametersOf(operations[name]), run: replies[name] }] as const;
    });
    return [resource, Object.fromEntries(asked)];
  });
  return Object.fromEntries(routes) as { readonly [resource in Resource]: Routes };
}
