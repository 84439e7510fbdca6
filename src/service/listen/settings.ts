import type { Answer } from "../../http/server/answer.ts";
import type { Hosts } from "./hosts.ts";

/** Where a server listens, and what it bears. */
export interface ListenOptions {
  /** Answers requests: a handler, or what wraps one. */
  answer: Answer;
  /**
   * On an address that other machines reach, a handler without `authorize` lets nobody in: one that is for everyone says so
   * with `authorize: () => true`. @default "127.0.0.1"
   */
  host?: string | undefined;
  /**
   * The names that requests may be for, besides localhost and loopback addresses: what a proxy passes on as `Host`, without a
   * port. Any other is answered 421, so that no page whose name a stranger's DNS leads here (DNS rebinding) reads a store that
   * trusts this machine. `"*"` for any. @default none on loopback, any elsewhere
   */
  hosts?: Hosts | undefined;
  /** 0 for one that is free. @default 0 */
  port?: number | undefined;
  /** How long a client may take for the head of a request: ms. On Node only. @default 10_000 */
  headerTimeout?: number | undefined;
  /** How long a client may take for a whole request: ms. On Node only. @default 120_000 */
  requestTimeout?: number | undefined;
  /** How long a connection may be silent, both ways: ms. On Bun at most 255 s, on Deno without effect. @default 120_000 */
  idleTimeout?: number | undefined;
  /** How many connections may be open; those above it are closed at once. On Node only. @default 10_000 */
  maxConnections?: number | undefined;
  /** How long the head of a request may be: bytes. On Node only; the others have limits of their own. @default 16_384 */
  maxHeaderBytes?: number | undefined;
  /** A private key and its certificates, in PEM: for https. */
  tls?: { readonly key: string; readonly cert: string } | undefined;
  /** Called with what an `answer` rejects with, which the client does not see. */
  onError?: ((error: unknown) => void) | undefined;
}

/** The options with their defaults. */
export interface Settings extends Required<Omit<ListenOptions, "tls" | "onError" | "hosts">> {
  readonly tls: ListenOptions["tls"];
}

/** What a runtime starts. */
export interface Started {
  readonly port: number;
  /** Takes no more connections. Resolves when there are none. */
  stop(): Promise<void>;
  /** Closes the connections, whatever they do. */
  force(): void;
}
