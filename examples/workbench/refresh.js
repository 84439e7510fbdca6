import { attempt } from "./messages.js";

const pause = 80;

/** Reads again whenever that is asked for: `soon`, where many wishes at once are one, or `now`. */
export function createRefresh(readOnce) {
  let timer;
  let reading;
  let isStale = false;

  /** One reading at a time: a wish that comes meanwhile is granted after it. */
  function now() {
    isStale = true;
    reading ??= (async () => {
      while (isStale) {
        isStale = false;
        await attempt(readOnce);
      }
      reading = undefined;
    })();
    return reading;
  }

  function soon() {
    timer ??= setTimeout(() => {
      timer = undefined;
      void now();
    }, pause);
  }

  return { now, soon };
}
