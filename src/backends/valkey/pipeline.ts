import { createBacklog } from "./backlog.ts";
import { cutIntoBatches, maxSteps } from "./batches.ts";
import type { ValkeyClient } from "./client.ts";
import { createClaim } from "./claim.ts";
import type { Clock } from "./clock.ts";
import type { Connection } from "./connection.ts";
import { valkeyError } from "./error.ts";
import { keyOf, none, type Job } from "./job.ts";
import type { Names } from "./names.ts";
import { createOutstanding } from "./outstanding.ts";
import { createPlacement, groupBySlot, type Placement } from "./placement.ts";
import { createRunner } from "./runner.ts";
import { createSender } from "./sender.ts";
import type { Arg, Reader, Step } from "./step.ts";

/** What a pipeline is made of. */
export interface PipelineParts {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly names: Names;
  readonly timeout: number;
  /** Where changes are published. */
  readonly channel: Uint8Array;
}

/** How steps are asked for. */
export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether those of one slot are done all or none. */
  readonly isWhole?: boolean;
}

/** Does steps on the servers: those of one moment and slot together. */
export interface Pipeline {
  /** Resolves with the client when there is a connection. */
  ready(): Promise<ValkeyClient>;
  /** Does a step, and resolves with what is read of its outcome. */
  askOne<R>(name: Step["name"], key: string, args: readonly Arg[], signal: AbortSignal | undefined, read: Reader<R>): Promise<R>; // prettier-ignore
  /** Does steps, and resolves with what is read of each. */
  ask<R>(steps: readonly Step[], options: AskOptions, read: Reader<R>): Promise<R[]>;
  /** Copies a value for as long as it takes to be written. */
  hold(value: Uint8Array): Uint8Array;
  /** Runs a script about names that are no keys, by itself. */
  evaluate(script: string, keys: readonly Uint8Array[], args: readonly string[]): Promise<unknown>;
  readonly placement: Pick<Placement, "history" | "index" | "isScattered" | "slotOf">;
  /** Resolves when there is nothing more to do. */
  settled(): Promise<void>;
}

const noHistory: readonly Uint8Array[] = [];

/** Returns a pipeline on a connection. */
export function createPipeline({ connection, clock, names, timeout, channel }: PipelineParts): Pipeline {
  const runner = createRunner(timeout);
  const placement = createPlacement(names, runner.toBuffer);
  const claim = createClaim({ connection, names, runner });
  const outstanding = createOutstanding();
  const backlog = createBacklog({
    isBusy: runner.isBusy,
    current,
    prepare,
    send: deliver,
    refuse: (job, error) => outstanding.reject(job, valkeyError(error, { key: keyOf(job) })),
  });
  const { add: again } = backlog;
  const { renew } = connection;
  const send = createSender({ names, channel, clock, runner, outstanding, timeout, again, renew });

  function current(): ValkeyClient | undefined {
    return runner.isReady() && claim.isMade() ? connection.current() : undefined;
  }

  async function prepare(): Promise<ValkeyClient> {
    const client = await connection.ready();
    await runner.prepare();
    await claim.make(client);
    return client;
  }

  function deliver(client: ValkeyClient, jobs: readonly Job[]): void {
    if (!placement.isScattered(client)) return deliverTo(client, -1, jobs);
    for (const [slot, some] of groupBySlot(jobs, ({ step }) => placement.slotOf(step.key)))
      deliverTo(client, slot, some);
  }

  function deliverTo(client: ValkeyClient, slot: number, jobs: readonly Job[]): void {
    const beside = slot < 0 ? placement.history() : noHistory;
    const sendBatch = (batch: readonly Job[]): void =>
      void send(client, placement.index(slot), beside, batch).then(backlog.answered);
    cutIntoBatches(jobs, sendBatch, outstanding.reject);
  }

  function enqueue<R>(
    step: Step,
    others: readonly Step[],
    signal: AbortSignal | undefined,
    read: Reader<R>,
  ): Promise<R> {
    outstanding.begin();
    return new Promise((resolve, reject) => {
      backlog.add({ step, others, signal, read, resolve, reject, failedAt: 0, isRepeated: false, isOdd: false });
    });
  }

  async function ask<R>(steps: readonly Step[], { signal, isWhole }: AskOptions, read: Reader<R>): Promise<R[]> {
    // Only then is it known whether there are slots.
    const isScattered = placement.isScattered(current() ?? (await prepare()));
    const slots = groupBySlot([...steps.keys()], (at) => (isScattered ? placement.slotOf(steps[at]!.key) : -1));
    const results: R[] = [];
    const askFor = async (places: readonly number[]): Promise<void> => {
      const [first, ...others] = places.map((at) => steps[at]!);
      const found = await enqueue<unknown>(first!, others.length ? others : none, signal, read);
      for (const [number, at] of places.entries()) results[at] = (others.length ? (found as R[])[number] : found) as R;
    };
    const parts: Promise<void>[] = [];
    for (const places of slots.values()) {
      const most = isWhole ? places.length : maxSteps;
      for (let at = 0; at < places.length; at += most) parts.push(askFor(places.slice(at, at + most)));
    }
    await Promise.all(parts);
    return results;
  }

  /** Does something that `close` waits for, and rejects with a store's error in place of a client's. */
  async function keep<R>(work: () => Promise<R>): Promise<R> {
    outstanding.begin();
    try {
      return await work();
    } catch (error) {
      throw valkeyError(error);
    } finally {
      outstanding.end();
    }
  }

  return {
    ready: prepare,
    askOne: (name, key, args, signal, read) => enqueue({ name, key, args }, none, signal, read),
    ask: (steps, options, read) => keep(() => ask(steps, options, read)),
    evaluate: (chosen, keys, args) => keep(async () => runner.runApart(await prepare(), chosen, [...keys], [...args])),
    hold: runner.hold,
    placement,
    settled: outstanding.settled,
  };
}
