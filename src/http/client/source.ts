import type { Polled } from "../wire/events.ts";

/**
 * Opens a stream of the changes after an id, or from now on; or, where only that is accepted, asks for these changes as
 * JSON. `signal` ends what is asked for, and the stream that has come of it.
 */
export interface Source {
  (after: string | undefined, signal: AbortSignal): Promise<Stream>;
  (after: string | undefined, signal: AbortSignal, accept: string): Promise<Polled>;
}

/** A stream as it comes, and the id of the change before its first, if it says that. */
export interface Stream {
  readonly body: ReadableStream<BufferSource>;
  readonly last: string | undefined;
}
