/** Lets calls pass while it is open, and knows when none is under way. */
export interface Gate {
  /** Makes a call as soon as it is open. */
  pass<T>(call: () => Promise<T>): Promise<T>;
  /** Closes it, and resolves when no call is under way any more. */
  close(): Promise<void>;
  open(): void;
}

/** Returns a gate that is open. */
export function createGate(): Gate {
  let closed: Promise<void> | undefined;
  let release = (): void => {};
  let passing = 0;
  let onIdle = (): void => {};
  return {
    async pass(call) {
      while (closed) await closed;
      passing++;
      try {
        return await call();
      } finally {
        if (--passing === 0) onIdle();
      }
    },
    async close() {
      closed = new Promise((resolve) => (release = resolve));
      while (passing) await new Promise<void>((resolve) => (onIdle = resolve));
    },
    open() {
      closed = undefined;
      release();
    },
  };
}
