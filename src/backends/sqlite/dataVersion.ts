import { letExit } from "../../core/timers.ts";
import type { Cell, Client } from "./client.ts";

// How often it is looked whether another process has written: ms.
const interval = 40;

/** Notices that another process has written to a file. */
export interface DataVersion {
  /** Called when what is in the file now is about to be read. */
  note(client: Client): void;
  /** Begins to look for what was written since, with the client of the moment. */
  start(client: () => Client | undefined, changed: () => void): void;
  stop(): void;
}

/** Returns what polls SQLite's `data_version`, which each connection has of its own. */
export function createDataVersion(): DataVersion {
  let noted: { client: Client; version: Cell } | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;

  function isSame(client: Client | undefined): boolean {
    try {
      return client !== undefined && noted?.client === client && noted.version === version(client);
    } catch {
      // Reading shows what is wrong.
      return false;
    }
  }

  return {
    note: (client) => void (noted = { client, version: version(client) }),
    start(client, changed) {
      timer = setInterval(() => void (isSame(client()) || changed()), interval);
      letExit(timer);
    },
    stop: () => clearInterval(timer),
  };
}

function version(client: Client): Cell {
  return client.get("PRAGMA data_version")!.data_version!;
}
