import { createSignal, onCleanup } from "solid-js";

/** Returns a signal of the snapshot of what `observe` returned. */
export function fromObserved(observed) {
  const [snapshot, setSnapshot] = createSignal(observed.get());
  onCleanup(observed.subscribe((value) => setSnapshot(() => value)));
  return snapshot;
}
