import { expect, test } from "vitest";
import { betterAuth } from "../../../src/adapters/betterauth.ts";
import { keyv, keyv5 } from "../../../src/adapters/keyv.ts";
import { unstorage } from "../../../src/adapters/unstorage.ts";
import { memory } from "../../../src/backends/memory.ts";
import type { Store } from "../../../src/core/contract.ts";

const sets: Record<string, (store: Store, lifetime: any) => Promise<unknown>> = {
  betterAuth: async (store, ttl) => betterAuth(store).set("a", "1", ttl),
  unstorage: async (store, ttl) => unstorage(store).setItem("a", "1", { ttl }),
  "unstorage's own": async (store, ttl) => unstorage(store, { ttl }).setItem("a", "1"),
  keyv: async (store, expires) => keyv(store).set("a", "1", expires),
  keyv5: async (store, ttl) => keyv5(store).set("a", "1", ttl),
};

test.each(Object.entries(sets))(
  "%s: null is no lifetime, and what is no number is refused, not stored as past",
  async (name, set) => {
    for (const none of [undefined, null, Infinity]) {
      const store = memory();
      await set(store, none);
      expect((await store.entry("a"))?.expiresAt).toBe(Infinity);
    }
    for (const wrong of ["soon", {}, ...(name === "keyv5" ? [] : [NaN])]) {
      const store = memory();
      await expect(set(store, wrong)).rejects.toMatchObject({ name: "StoreError", code: "invalid-argument" });
      expect(await store.has("a")).toBe(false);
    }
  },
);
