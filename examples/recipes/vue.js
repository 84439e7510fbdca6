import { onScopeDispose, shallowRef } from "vue";

/** A composable that returns a ref to the snapshot of what `observe` returned. */
export function useObserved(observed) {
  const snapshot = shallowRef(observed.get());
  onScopeDispose(observed.subscribe((value) => (snapshot.value = value)));
  return snapshot;
}
