import process from "node:process";

/** What a process holds. */
export interface Use {
  /** bytes */
  readonly heap: number;
  /** Sockets, timers and requests. */
  readonly handles: number;
  /** How much of the processor it has used so far: ms. */
  readonly cpu: number;
}

/** Measures what this process holds once what is of no use is let go of. Needs --expose-gc. */
export async function measureUse(): Promise<Use> {
  for (let turn = 0; turn < 5; turn++) {
    // What ends with a socket is let go of a few turns later.
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc!();
  }
  const { user, system } = process.cpuUsage();
  return {
    heap: process.memoryUsage().heapUsed,
    handles: process.getActiveResourcesInfo().length,
    cpu: Math.round((user + system) / 1000),
  };
}
