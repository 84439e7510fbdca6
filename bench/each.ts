/** Does something for each of a list, so many at once: 1 is one after the other, `Infinity` all in one tick. */
export async function each<T>(list: readonly T[], callers: number, call: (item: T) => unknown): Promise<unknown[]> {
  if (callers === Infinity) return Promise.all(list.map(call));
  const results: unknown[] = Array.from({ length: list.length });
  let next = 0;
  const caller = async (): Promise<void> => {
    for (let index = next++; index < list.length; index = next++) results[index] = await call(list[index]!);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return results;
}
