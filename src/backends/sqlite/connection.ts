import { StoreError } from "../../core/error.ts";
import type { Client } from "./client.ts";
import { identify, isThere, type Displacement, type FileIdentity } from "./fileIdentity.ts";

// How often it is looked whether the file is still there: ms.
const interval = 250;

/** The one client of a file, which is opened when there is work for it. */
export interface Connection {
  /**
   * The client, while there is one. Looks a few times a second whether its file is still in its place, and lets go of it if
   * not: what is written to it from then on would be lost.
   */
  client(): Client | undefined;
  /**
   * Opens a client. A failure is forgotten: the next call tries again. The first call after a file was removed or replaced
   * rejects and says so. One that is gone is not made anew.
   */
  open(): Promise<void>;
  /** Lets go of a client that may be of no more use. What is only in memory would be lost, so that one stays. */
  drop(): void;
  close(): void;
}

/** Returns the connection to a file. */
export function createConnection(path: string, openClient: () => Promise<Client>): Connection {
  const isFile = path !== ":memory:";
  let client: Client | undefined;
  let identity: FileIdentity | undefined;
  let lookedAt = -Infinity;
  // What has become of the last file, until it is said.
  let displacement: Displacement | undefined;

  /** Lets go of a client whose file is no longer in its place, and sees that its journal is applied to no other one. */
  function abandon(): void {
    // What was acknowledged comes into the file that it was written to, wherever that is now. With another in its place the
    // journal may be that one's by now.
    if (displacement !== "replaced") client!.get("PRAGMA wal_checkpoint(TRUNCATE)");
    // As long as it is open its number is nobody else's.
    if (displacement !== "without its journal") identity!.removeJournal();
  }

  function close(): void {
    const closing = client;
    client = undefined;
    closing?.close();
  }

  /** Looks whether the file is in its place, and closes the client if not, or if it is asked to. */
  function look(isClosing: boolean): void {
    displacement = client && identity?.displacement();
    if (!displacement && !isClosing) return;
    try {
      if (displacement) abandon();
    } catch {
      // What is in the journal stays there.
    }
    try {
      close();
    } catch {
      // It is gone either way.
    }
  }

  return {
    client() {
      if (!client || !identity) return client;
      const now = performance.now();
      if (now - lookedAt >= interval) {
        lookedAt = now;
        look(false);
      }
      return client;
    },
    async open() {
      const found = displacement ?? (identity && !isThere(path) ? "gone" : undefined);
      displacement = undefined;
      if (found) throw displacedError(path, found);
      client = await openClient();
      if (isFile) identity = identify(path);
    },
    drop() {
      if (isFile) look(true);
    },
    close() {
      if (isFile) look(true);
      else close();
    },
  };
}

const states: Readonly<Record<Displacement, string>> = {
  gone: "the file that it opened, got none: put it back, or open another store",
  replaced: "the file that it opened, got another in its place",
  "without its journal": "the journal that it wrote to, got none or another",
};

function displacedError(path: string, displacement: Displacement): StoreError {
  return new StoreError("unavailable", `Cannot use ${JSON.stringify(path)}: expected ${states[displacement]}`);
}
