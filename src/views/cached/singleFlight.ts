/** Loads under way, one for a key at a time, which all who ask for it meanwhile share. */
export interface SingleFlight<R> {
  /** Returns the load of a key that is under way, if there is one. */
  get(key: string): Promise<R> | undefined;
  /** Begins the load of a key. `land` gets its result unless the key was deleted meanwhile. */
  begin(key: string, land: (result: R) => void): Promise<R>;
  /** Lets a load end for those who share it, and for no others. */
  delete(key: string): void;
  keys(): Iterable<string>;
}

/** Returns the loads of a function. */
export function createSingleFlight<R>(load: (key: string) => Promise<R>): SingleFlight<R> {
  const loads = new Map<string, Promise<R>>();
  return {
    get: (key) => loads.get(key),
    begin(key, land) {
      const isCurrent = (): boolean => loads.get(key) === loading && loads.delete(key);
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
      loads.set(key, loading);
      return loading;
    },
    delete: (key) => void loads.delete(key),
    keys: () => loads.keys(),
  };
}
