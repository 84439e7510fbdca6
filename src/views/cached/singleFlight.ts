/** Begins the load of a key. `land` gets its result, unless the key was deleted from the loads under way meanwhile. */
export type BeginLoad<R> = (key: string, land: (result: R) => void) => Promise<R>;

/** Returns the loads of a function that are under way, by their keys, which all who ask for one share, and what begins one. */
export function createSingleFlight<R>(
  load: (key: string) => Promise<R>,
): [underWay: Map<string, Promise<R>>, begin: BeginLoad<R>] {
  const underWay = new Map<string, Promise<R>>();
  return [
    underWay,
    (key, land) => {
      const isCurrent = (): boolean => underWay.get(key) === loading && underWay.delete(key);
      const loading = load(key).then(
        (result) => {
          if (isCurrent()) land(result);
          return result;
        },
        (error: unknown) => {
          isCurrent();
          throw error;
        },
      );
      underWay.set(key, loading);
      return loading;
    },
  ];
}
