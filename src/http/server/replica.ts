import { check } from "../../core/error.ts";
import { untilAborted } from "../../core/untilAborted.ts";
import { toBytes } from "../../core/value.ts";
import { readBatch } from "../wire/batch.ts";
import { idempotencyHeader, replicaHeader } from "../wire/headers.ts";
import { outcomesAt, readTicket, type PushStep, type Ticket } from "../wire/push.ts";
import { scopeOf, type Ask } from "./ask.ts";
import { checkHead, checkValues } from "./batchHead.ts";
import type { Limits } from "./limits.ts";
import { optionsOf } from "./operation.ts";
import { operations } from "./operations.ts";
import { checkPushStep, runPush } from "./push.ts";
import { refusal } from "./refusal.ts";
import { createWord, type Replicas } from "./replicas.ts";
import { framed, writeJson, type Reply } from "./reply.ts";
import type { Room } from "./room.ts";
import type { Prepared } from "./route.ts";

/** Returns how a request for a name is answered. */
export function createReplicaReplies(
  { maxBytes, maxItems }: Limits,
  replicas: Replicas,
): { readonly greet: (ask: Ask) => Promise<Reply> } {
  return {
    async greet(ask) {
      const name = createWord();
      await replicas.add(await idOf(ask, name), optionsOf(ask)?.signal);
      return writeJson({ name, scope: await scopeOf(ask), time: ask.now(), maxBytes, maxItems });
    },
  };
}

/** Reads a push, and returns how it is done. What is refused here uses up no number. */
export async function preparePush(
  ask: Ask,
  limits: Limits,
  makeRoom: () => Room,
  replicas: Replicas,
): Promise<Prepared> {
  const { headers } = ask.request;
  ask.allow(...operations.push.needs);
  const given = headers.get(replicaHeader)!;
  const ticket = readTicket(given);
  check(ticket, replicaHeader, "a name, a number from 1 on and a random word, with a space between", given);
  const key = headers.get(idempotencyHeader);
  check(key === null, idempotencyHeader, "none, since a push has a number of its own", key);
  const [steps, next] = readPush(await ask.body(), limits);
  return {
    // The number does what a name does for others.
    content: () => undefined,
    run: () =>
      untilAborted(
        answer(ask, ticket, () => runPush(ask, steps, next, makeRoom()), replicas),
        ask.signal,
      ),
  };
}

async function answer(
  ask: Ask,
  ticket: Ticket,
  work: () => Promise<Uint8Array<ArrayBuffer>>,
  replicas: Replicas,
): Promise<Reply> {
  const outcomes = await replicas.once(await idOf(ask, ticket.name), ticket, ask.can("read"), work);
  return framed(outcomesAt(outcomes, ask.now()));
}

/** Returns what a name is counted under. That of another part of the store is another one. */
async function idOf({ hash, before }: Ask, name: string): Promise<string> {
  return `replica-${await hash(toBytes(`${before}\n${name}`))}`;
}

/** Reads a push strictly: so many steps at most, and just the values that they announce. */
function readPush(body: Uint8Array, limits: Limits): [steps: readonly PushStep[], next: (size: number) => Uint8Array] {
  const { maxItems } = limits;
  const refuseMany = (): Error => refusal("size", `Push is too large: expected at most ${maxItems} steps`);
  checkHead(body, limits, refuseMany);
  const { head, batch } = readBatch(body);
  check(batch?.name === "push" && Array.isArray(batch.items), "push", 'a line of JSON with a list of "push"', head);
  const { items, next } = batch as { items: unknown[]; next(size: number): Uint8Array };
  if (items.length > maxItems) throw refuseMany();
  items.forEach(checkPushStep);
  const steps = items as PushStep[];
  const sum = steps.reduce((all, step) => all + ((step[0] === "write" && step[2]) || 0), 0);
  checkValues(body, sum, limits);
  return [steps, next];
}
