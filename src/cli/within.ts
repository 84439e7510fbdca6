import type { StoreError } from "../core/error.ts";

/** How long the module of a backend may take to load, and a store to open or to close: ms. */
export const limits = { load: 10_000, open: 30_000, close: 30_000 } as const;

/**
 * Resolves as a task does, or rejects once it takes longer than its limit: what somebody else's code promises may never come, and
 * with nothing left to do the process would end without a word. Its timer holds the process.
 */
export async function within<T>(
  task: Promise<T> | T,
  limit: number,
  failure: (limit: string) => StoreError,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failure(`within ${limit / 1000} s`)), limit);
  });
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
  }
}
