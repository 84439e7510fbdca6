import type { Call } from "../../core/contract.ts";
import type { Method, Resource } from "../wire/resource.ts";

/** What is asked for: a method of a resource. */
export type Target = `${Method} ${Resource}`;

/** What a request has besides its target. */
export interface Details<R> {
  /** What its address says besides. @default nothing */
  readonly parameters?: object;
  /** Makes the body anew for each attempt, since a ttl shrinks meanwhile. */
  body?(start: number): Uint8Array<ArrayBuffer>;
  /** Its headers besides: the type of the answer, where there is a choice. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether what is not `ok` is to be read as an answer, too. @default nothing is */
  isAnswer?(headers: Headers): boolean;
  /** Reads the body, as bytes or as the stream that it is, of the answer to a request made at `start`. */
  read(body: any, start: number, headers: Headers): R;
  /** Whether it only reads. @default whether it is a GET */
  readonly isRead?: boolean;
  /** Whether it may be applied again; anything else gets a name under which it is not. @default whether it only reads */
  readonly isSafe?: boolean;
  /** How long the answer may take, repetitions included, if that is less than the option: ms. */
  readonly timeout?: number;
}

/** Sends a request that some calls are waiting for, until none of them is, and resolves with what came of it. */
export type Send = <R>(calls: readonly Call[], target: Target, details: Details<R>) => Promise<R>;
