/** What a store needs of a client, of ioredis or iovalkey: of one server, or of a cluster. */
export interface ValkeyClient {
  readonly status: string;
  readonly isCluster?: boolean;
  readonly options?: { readonly keyPrefix?: string | undefined; readonly db?: number | undefined };
  connect(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  quit(): Promise<unknown>;
  duplicate(...options: any[]): ValkeyClient;
  /** Of a cluster: a client for each node. */
  nodes?(role: "master"): ValkeyClient[];
  on(event: string, listener: (...args: any[]) => void): unknown;
  off(event: string, listener: (...args: any[]) => void): unknown;
  evalshaBuffer(...args: any[]): Promise<unknown>;
  evalBuffer(...args: any[]): Promise<unknown>;
  scanBuffer(...args: any[]): Promise<unknown>;
  zrangeBuffer(...args: any[]): Promise<unknown>;
  subscribe(...args: any[]): Promise<unknown>;
  cluster(...args: any[]): Promise<unknown>;
  ping(): Promise<unknown>;
  time(): Promise<unknown>;
}
