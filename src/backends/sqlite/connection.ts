import type { Client } from "./client.ts";

/** The one client of a file, which is opened when there is work for it. */
export interface Connection {
  /** The client, while there is one. */
  client(): Client | undefined;
  /** Opens a client. A failure is forgotten: the next call tries again. */
  open(): Promise<void>;
  /** Lets go of a client that may be of no more use. What is only in memory would be lost, so that one stays. */
  drop(): void;
  close(): void;
}

/** Returns the connection to a file. */
export function createConnection(path: string, openClient: () => Promise<Client>): Connection {
  let client: Client | undefined;
  return {
    client: () => client,
    async open() {
      client = await openClient();
    },
    drop() {
      if (path === ":memory:") return;
      const dropped = client;
      client = undefined;
      try {
        dropped?.close();
      } catch {
        // It is gone either way.
      }
    },
    close() {
      client?.close();
      client = undefined;
    },
  };
}
