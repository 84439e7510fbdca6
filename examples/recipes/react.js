import { useSyncExternalStore } from "react";

/** A hook that returns the snapshot of what `observe` returned, and renders again when it has changed. */
export function useObserved(observed) {
  return useSyncExternalStore(observed.subscribe, observed.get, observed.get);
}
