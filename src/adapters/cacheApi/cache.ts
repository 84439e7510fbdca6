/** What is used of a Cache, which `caches.open` opens. */
export interface CacheLike {
  match(request: string): Promise<Response | undefined>;
  put(request: string, response: Response): Promise<void>;
  delete(request: string): Promise<boolean>;
  /** Cloudflare's has none. */
  keys?(): Promise<readonly { readonly url: string }[]>;
}
