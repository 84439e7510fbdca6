/** What is used of a localForage instance. */
export interface LocalForageLike {
  getItem(key: string): Promise<unknown>;
  setItem(key: string, value: unknown): Promise<unknown>;
  removeItem(key: string): Promise<void>;
  keys(): Promise<string[]>;
  ready(): Promise<void>;
  config(): { name?: string; storeName?: string };
  driver(): string | null;
}
