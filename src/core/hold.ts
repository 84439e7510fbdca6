// How long each timer lasts: ms. Short, because tests turn a fake clock to the last timer there is.
const span = 60_000;

/** Keeps the process alive until a promise settles, and returns the promise. */
export function hold<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isSettled = false;

  async function arm(): Promise<void> {
    // Fake timers that are run until none is left come to an end: the next timer is not there yet.
    await undefined;
    if (!isSettled) timer = setTimeout(() => void arm(), span);
  }

  function release(): void {
    isSettled = true;
    clearTimeout(timer);
  }

  void arm();
  promise.then(release, release);
  return promise;
}
