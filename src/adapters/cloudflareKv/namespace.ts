/** What is used of a KV namespace, as a Worker has it in its `env`. */
export interface KvNamespaceLike {
  getWithMetadata(key: string, type: any): Promise<{ value: any; metadata: any }>;
  put(key: string, value: any, options?: { expirationTtl?: number; metadata?: any }): Promise<void>;
  delete(key: string): Promise<void>;
  list(options?: { prefix?: string; limit?: number; cursor?: string }): Promise<KvPage>;
}

/** A page of names. */
export interface KvPage {
  readonly keys: readonly { readonly name: string; readonly metadata?: unknown }[];
  readonly list_complete: boolean;
  readonly cursor?: string;
}
