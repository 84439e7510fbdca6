/** Settles with the work, or rejects with the signal's reason as soon as that aborts. */
export function untilAborted<R>(work: R | Promise<R>, signal: AbortSignal | undefined): R | Promise<R> {
  if (!signal || !(work instanceof Promise)) return work;
  return new Promise<R>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
