import { isStoreError, quote, StoreError, type StoreErrorCode } from "../../core/error.ts";

/** The first word of a script that changed nothing, because its user may not publish that. */
export const mute = "NOPUBLISH";
/** The first word of a script that did what was asked for, which could not be published. */
export const unheard = "UNHEARD";

// What the first word of a server's answer means, where it is more than that the server cannot do it now.
const meanings: Readonly<Record<string, readonly [code: StoreErrorCode, expected: string]>> = {
  OOM: ["quota-exceeded", "a server with memory left"],
  WRONGTYPE: ["cant-decode", "a string"],
  NOAUTH: ["unauthorized", "credentials that the server accepts"],
  WRONGPASS: ["unauthorized", "credentials that the server accepts"],
  NOPERM: ["unauthorized", "credentials that may do this"],
  [mute]: ["bad-config", "a user who may publish on channels that begin with the prefix"],
  [unheard]: ["unavailable", "a user who may publish changes (this was done, and no watch was informed)"],
};
// How ioredis calls an error that a server sent.
const replyErrorName = "ReplyError";
// What Redis says within a script in place of NOPERM: from 7.0, from 7.2.
const forbiddenInScript = /^(ERR )?(The user executing the script can't|ACL failure in script)/;
const oldServer = /unknown (redis )?command|unknown subcommand/i;

/** Returns the first word of what went wrong, as the server said it. */
function wordOf(error: unknown): string {
  const message = messageOf(error);
  return forbiddenInScript.test(message) ? "NOPERM" : /^(?:ERR )?(\w*)/.exec(message)![1]!;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a server will not let us in, however often we come. */
export function isRefusal(error: unknown): boolean {
  return meanings[wordOf(error)]?.[0] === "unauthorized";
}

/** Whether a server said that it did nothing, and may do it a little later: it starts, or another one is to take its place. */
export function isPassing(error: unknown): boolean {
  return (
    /^(READONLY|LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|MOVED|ASK|BUSY)\b/.test(messageOf(error)) ||
    /^(Too many Cluster redirections|Stream isn't writeable|Cluster isn't ready)/.test(messageOf(error))
  );
}

/** Whether a node of a cluster puts off what concerns several keys, because their slot is being moved. */
export function isSplit(error: unknown): boolean {
  return /\bTRYAGAIN\b/.test(messageOf(error));
}

/** Whether there was no answer, so that nobody knows whether what was sent was done. */
export function isLost(error: unknown): boolean {
  return (error as Error).name !== replyErrorName && !isPassing(error);
}

/** Returns the error that a server replied to one step, as a client would make it. */
export function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: replyErrorName });
}

/** Makes a store's error of a client's. Nothing of what was sent is in it: not the credentials, and not the value. */
export function valkeyError(error: unknown, { key, isWrite }: { key?: string; isWrite?: boolean } = {}): unknown {
  if (isStoreError(error)) return error;
  const message = messageOf(error);
  const what = key === undefined ? 'store "valkey"' : `key ${quote(key)}`;
  // The client's own error carries the command with all its arguments.
  const cause = new Error(message);
  const [code, expected] = meanings[wordOf(error)] ?? meaningOf(message, isWrite && isLost(error));
  const got = code === "unauthorized" ? "" : `, got ${quote(message)}`;
  return new StoreError(code, `Cannot use ${what}: expected ${expected}${got}`, { key, cause });
}

function meaningOf(message: string, isUnknown: boolean | undefined): readonly [code: StoreErrorCode, expected: string] {
  if (oldServer.test(message)) return ["unsupported", "Valkey, or Redis from 7.0"];
  const expected = "a server that answers";
  return ["unavailable", isUnknown ? `${expected} (whether this was written is not known)` : expected];
}
