/** The name by which our own rows begin. */
export const ours = "shelflife";

/** What does the work of the bench: a store of ours, a peer, or the bare platform. */
export interface Peer {
  readonly name: string;
  /** `ttl` is for those that can: ms. */
  set(key: string, value: any, ttl?: number): unknown;
  get(key: string): unknown;
  /** Of one that has a better way to do many at once than many calls. */
  setAll?(items: readonly Item[]): unknown;
  getAll?(keys: readonly string[]): unknown[] | Promise<unknown[]>;
  close?(): unknown;
}

/** What is set. */
export type Item = readonly [key: string, value: any, ttl?: number | undefined];

/** Returns the peers in the order of a round: no peer is always first. */
export function inTurn<T>(peers: readonly T[], round: number): T[] {
  return peers.map((_, turn) => peers[(turn + round) % peers.length]!);
}
