import type { Awaitable, Call, CallOptions } from "../contract.ts";

/**
 * Checks the options of a call, then does its work until that is done or aborted. What `prepare` takes of the caller's, it
 * takes at once: the bytes are the caller's again when the call returns.
 */
export type Start = <R, P = void>(
  options: CallOptions | undefined,
  work: (call: Call, prepared: P) => Awaitable<R>,
  prepare?: () => P,
) => Awaitable<R>;

/** The same as {@link Start}, with a promise of what it returns or throws. */
export type Run = <R, P = void>(
  options: CallOptions | undefined,
  work: (call: Call, prepared: P) => Awaitable<R>,
  prepare?: () => P,
) => Promise<R>;

/**
 * Calls what decides about a change. The calls that it makes come after its own: nothing comes between what it saw and what it
 * returns.
 */
export type Alone = <R>(change: () => R) => R;

/** The same as {@link Run}, for a call about one key. */
export type RunOn = <R>(
  key: string,
  options: CallOptions | undefined,
  work: (call: Call) => Awaitable<R>,
) => Promise<R>;
