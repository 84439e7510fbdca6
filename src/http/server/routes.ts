import type { Awaitable } from "../../core/contract.ts";
import { replicaHeader, ttlHeader } from "../wire/headers.ts";
import type { Resource } from "../wire/resource.ts";
import type { Ask } from "./ask.ts";
import { prepareBatch } from "./batch.ts";
import { createChangesReplies } from "./changes.ts";
import { conditionHeaders, isConditional } from "./conditions.ts";
import { createEntryReplies } from "./entry.ts";
import { createReplicaReplies, preparePush } from "./replica.ts";
import type { Feed } from "./feed.ts";
import type { Limits } from "./limits.ts";
import { createListingReplies } from "./listing.ts";
import type { Types } from "./mediaTypes.ts";
import type { MediumLog } from "./mediumLog.ts";
import { parametersOf } from "./operation.ts";
import { operations, requests, type Requested } from "./operations.ts";
import type { Replicas } from "./replicas.ts";
import type { Reply } from "./reply.ts";
import { createRooms } from "./room.ts";
import type { Prepared, Route, Routes } from "./route.ts";
import type { Action } from "./scope.ts";

/** How each operation that a request may ask for is answered. */
type Replies = { readonly [name in Requested]: (ask: Ask) => Awaitable<Reply> };

/** Returns what is done about each resource. */
export function createRoutes(
  limits: Limits,
  { feed, medium, types, replicas }: { feed: Feed; medium: MediumLog | undefined; types: Types; replicas: Replicas },
): { readonly [resource in Resource]: Routes } {
  const makeRoom = createRooms(limits.maxBytes);
  const prepare = (ask: Ask): Promise<Prepared> =>
    ask.request.headers.get(replicaHeader) !== null
      ? preparePush(ask, limits, makeRoom, replicas)
      : prepareBatch(ask, limits, makeRoom);
  const replies: Replies = {
    ...createEntryReplies(types),
    ...createListingReplies(limits.maxItems, makeRoom),
    ...createChangesReplies(feed, medium, limits.maxStreams),
    ...createReplicaReplies(limits, replicas),
    batch: async (ask) => (await prepare(ask)).run(ask),
  };
  const routes = Object.entries(requests).map(([resource, methods]): [string, Routes] => {
    const asked = Object.entries(methods).map(([method, name]) => {
      const route: Route = {
        needs: (request) => needsOf(name, request),
        parameters: parametersOf(operations[name]),
        headers: headersOf(name),
        ...(name === "batch" && { prepare }),
        run: replies[name],
      };
      return [method, route] as const;
    });
    return [resource, Object.fromEntries(asked)];
  });
  return Object.fromEntries(routes) as { readonly [resource in Resource]: Routes };
}

/** Returns what a request has to be allowed to do: a write with a condition is another operation. */
function needsOf(name: Requested, request: Request): readonly Action[] {
  const isChange = (name === "set" || name === "delete") && isConditional(request);
  return operations[isChange ? "change" : name].needs;
}

function headersOf(name: Requested): readonly string[] {
  const conditions = name === "set" || name === "delete" ? conditionHeaders : [];
  const type = name === "set" ? ["content-type"] : [];
  return [...(operations[name].takes.includes("ttl") ? [ttlHeader] : []), ...conditions, ...type];
}
