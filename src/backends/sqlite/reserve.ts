import type { Client } from "./client.ts";
import { fileBytes } from "./file.ts";
import { sqliteCode } from "./resultCode.ts";

/**
 * Keeps as much of a disk free as it takes to remove something from a file on it. Removing writes to the journal first, and the
 * journal can be emptied only while there is room for what the file has grown by: on a disk that is full to the last byte
 * nothing could be removed any more, not even what has expired.
 */
export interface Reserve {
  /** Called before a transaction is committed that wrote so many rows and bytes. Throws as SQLite does on a full disk. */
  check(client: Client, rows: number, bytes: number): void;
  /** Called after it. */
  committed(client: Client): void;
}

interface Disk {
  statfsSync?(path: string): { readonly bavail: number; readonly blocks: number; readonly bsize: number };
  statSync(path: string): { readonly size: number };
}

interface Runtime {
  process?: { getBuiltinModule?(name: string): Disk | undefined };
  Deno?: { permissions: { querySync(of: { name: "sys"; kind: "statfs" }): { readonly state: string } } };
}

const page = 4096;
// What stays free at most, which on a small disk is a share of it: bytes.
const largestReserve = 4 << 20;
const share = 16;
// With less than so much above the reserve the file gets at once what is in the journal: bytes.
const margin = 16 << 20;

/** Returns the reserve on the disk of a file. Where the runtime cannot report how full a disk is, nothing is reserved. */
export function createReserve(path: string): Reserve {
  const disk = path === ":memory:" ? undefined : findDisk();
  // How much may be written until it is looked again, and how much was: bytes.
  let allowance = 0;
  let written = 0;
  // How large the file was when it was last committed to, as far as it was looked, and will be then.
  let size = NaN;
  let next = NaN;
  let isNear = false;

  return {
    check(client, rows, bytes) {
      written += bytes + rows * page;
      if (!disk || written <= allowance) return;
      next = fileBytes(client);
      // What takes the place of something that was removed needs the journal alone.
      if (next <= size) return;
      let free: number;
      let kept: number;
      try {
        const { bavail, blocks, bsize } = disk.statfsSync!(path);
        if (!blocks) return;
        free = bavail * bsize;
        kept = Math.min(largestReserve, (blocks * bsize) / share);
      } catch {
        // A disk that reports nothing about itself.
        allowance = margin;
        return;
      }
      const growth = Math.max(0, next - disk.statSync(path).size);
      const journal = growth + Math.min(next, (2 * rows + 16) * page);
      const rest = free - kept - growth - journal;
      if (rest < 0) throw Object.assign(new Error("disk is full but for a reserve"), { errcode: sqliteCode.full });
      isNear = rest < margin;
      // Others write too.
      allowance = isNear ? 0 : rest / 8;
      written = 0;
    },
    committed(client) {
      if (!isNear) return;
      const hasGrown = !(next <= size);
      size = next;
      if (!hasGrown) return;
      try {
        client.get("PRAGMA wal_checkpoint(PASSIVE)");
      } catch {
        // What is committed stays in the journal for now.
      }
    },
  };
}

function findDisk(): Disk | undefined {
  const { process, Deno } = globalThis as Runtime;
  const disk = process?.getBuiltinModule?.("node:fs");
  // Deno would prompt for the permission.
  const isAllowed = !Deno || Deno.permissions.querySync({ name: "sys", kind: "statfs" }).state === "granted";
  return isAllowed && disk?.statfsSync ? disk : undefined;
}
