import type { Store } from "./contract.ts";
import { equalBytes } from "./value.ts";

/** Removes an entry if it still has that value, and reports whether it did. Of nothing there is nothing to remove. */
export async function removeIf(
  store: Pick<Store, "update">,
  key: string,
  value: Uint8Array | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  const outrun = new Error("Value is another one");
  try {
    await store.update(
      key,
      (current) => {
        if (!equalBytes(current, value)) throw outrun;
        return undefined;
      },
      { signal },
    );
    return true;
  } catch (error) {
    if (error === outrun) return false;
    throw error;
  }
}
