/** Listens to a page's events, where there is a page, and returns how to stop. */
export function onPageEvents(
  types: readonly string[],
  listener: (event: { readonly type: string }) => void,
): () => void {
  for (const type of types) globalThis.addEventListener?.(type, listener, true);
  return () => {
    for (const type of types) globalThis.removeEventListener?.(type, listener, true);
  };
}
