import type { Store } from "./contract.ts";
import { equalBytes } from "./value.ts";

/** Removes an entry if it still has that value, and reports whether it did. Of nothing there is nothing to remove. */
export async function removeIf<T = Uint8Array>(
  store: Pick<Store<T>, "update">,
  key: string,
  value: T | undefined,
  signal?: AbortSignal,
  isSame: (a: any, b: any) => boolean = equalBytes,
): Promise<boolean> {
  const outrun = new Error("Value is another one");
  try {
    await store.update(
      key,
      (current) => {
        if (!isSame(current, value)) throw outrun;
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
