import type { Source, Stream } from "./source.ts";

/** The streams of a watch, one after the other. */
export interface Streams {
  open(after: string | undefined): Promise<Stream>;
  /** Aborts the request of the stream: Firefox keeps the connection of one that is only cancelled until it brings something. */
  abandon(): void;
}

/** Returns the streams of a source, each with a request of its own, which `signal` aborts, too. */
export function createStreams(source: Source, signal: AbortSignal): Streams {
  let abandon = (): void => {};
  let release = (): void => {};
  return {
    async open(after) {
      release();
      const own = new AbortController();
      const abort = (): void => own.abort();
      signal.addEventListener("abort", abort);
      release = () => signal.removeEventListener("abort", abort);
      const stream = await source(after, own.signal);
      abandon = abort;
      return stream;
    },
    abandon: () => abandon(),
  };
}
