/** Hears of a page's events, where there is a page, and returns how to stop. */
export function hearPage(types: readonly string[], hear: (event: { readonly type: string }) => void): () => void {
  for (const type of types) globalThis.addEventListener?.(type, hear);
  return () => {
    for (const type of types) globalThis.removeEventListener?.(type, hear);
  };
}
