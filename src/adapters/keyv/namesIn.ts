/** Which names there are in a Keyv. */
export interface Listing {
  readonly canList: boolean;
  /** Returns the names of what lies in its namespace. */
  names(): Promise<string[]>;
  /** Whether Keyv takes a key for the name of its own. */
  isPlain(key: string): boolean;
  isPersistent(): boolean;
}

/** Returns how to list a Keyv of version 4, 5 or 6. */
export function namesIn(keyv: any): Listing {
  const store = keyv.store ?? keyv.opts?.store;
  const isPersistent = (): boolean => ![store, store?.store].some((medium) => medium instanceof Map);
  // Version 6 has what cleans keys, if that is asked for.
  if (keyv.sanitize) {
    // Over a map it iterates by the entries of that, whatever else it says.
    const says = typeof store?.store?.entries === "function" || store?.capabilities?.methods?.iterator?.exists;
    const canIterate = typeof store?.iterator === "function" && says !== false;
    return {
      canList: canIterate,
      async names() {
        const names: string[] = [];
        for await (const [name] of keyv.iterator()) names.push(name);
        return names;
      },
      isPlain: (key) => !keyv.sanitize.enabled || keyv.sanitize.cleanKey(key) === key,
      isPersistent,
    };
  }
  const isFirst = !("namespace" in keyv);
  const base = (): string => {
    if (isFirst) return `${keyv.opts?.namespace}:`;
    return keyv.namespace && keyv.useKeyPrefix !== false ? `${keyv.namespace}:` : "";
  };
  return {
    canList: typeof keyv.iterator === "function",
    // Its own iterator takes other namespaces' keys for its own, and cuts keys when it has no namespace.
    async names() {
      const names: string[] = [];
      const start = base();
      const namespace = isFirst ? keyv.opts?.namespace : keyv.namespace;
      for await (const [name] of store instanceof Map ? store : store.iterator(namespace)) {
        if (name.startsWith(start)) names.push(name.slice(start.length));
      }
      return names;
    },
    // Version 5 puts its namespace only before what does not begin with it.
    isPlain: (key) => isFirst || base() === "" || !key.startsWith(base()),
    isPersistent,
  };
}
