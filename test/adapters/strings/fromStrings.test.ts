import { expect, test } from "vitest";
import { fromStrings, strings } from "../../../src/adapters/strings.ts";
import { memory } from "../../../src/backends/memory.ts";
import { text } from "../../../src/views/text.ts";
import { migrate } from "../../../src/over/migrate.ts";

test("texts are shared with the app, and what is none or has a deadline lies in a record", async () => {
  const storage = strings(memory());
  const store = fromStrings(storage);
  const texts = text(store);
  await storage.setItem("theme", "dark");
  expect(await texts.get("theme")).toBe("dark");
  await texts.set("theme", "light");
  expect(await storage.getItem("theme")).toBe("light");
  for (const value of ["~shelflife1~~tx", "a\0b", "", "\ufeffa"]) {
    await texts.set("odd", value, { ttl: 60_000 });
    expect(await texts.get("odd")).toBe(value);
    await texts.set("odd", value);
    expect(await texts.get("odd")).toBe(value);
  }
  const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => index);
  await store.set("bytes", bytes);
  expect(await store.get("bytes")).toEqual(bytes);
  await texts.set("code", "1234", { ttl: 60_000 });
  const record = (await storage.getItem("code"))!;
  expect(record).toMatch(/^~shelflife1~\d+~t1234$/);
  for (const damaged of ["~shelflife1~", "~shelflife1~~b%", "~shelflife1~12~"]) {
    await storage.setItem("code", damaged);
    await expect(store.get("code")).rejects.toMatchObject({ code: "cant-decode", key: "code" });
  }
  await store.delete("code");
  expect(await storage.getItem("code")).toBe(null);
});

test("without exclusive nothing is atomic, and without getAllKeys nothing is listed", async () => {
  const { getItem, setItem, removeItem } = strings(memory());
  const open = fromStrings(strings(memory()));
  const blind = fromStrings({ getItem, setItem, removeItem }, { exclusive: true });
  expect(await blind.increment("n")).toBe(1);
  for (const call of [open.increment("n"), open.take("n"), open.sweep(), blind.list(), blind.clear(), blind.sweep()])
    await expect(call).rejects.toMatchObject({ code: "unsupported" });
  await expect(blind.watch().next()).rejects.toMatchObject({ code: "unsupported" });
  expect(() => fromStrings({} as any)).toThrow(/expected a storage with "getItem"/);
});

test("a storage that fails is unavailable, and setMany puts back what it replaced", async () => {
  const storage = strings(memory());
  let fails = "";
  const store = text(
    fromStrings({
      ...storage,
      async setItem(key, value) {
        if (key === fails) throw new Error("The disk is gone");
        await storage.setItem(key, value);
      },
    }),
  );
  await store.set("a", "old");
  fails = "c";
  const failure = { code: "unavailable", key: "c" };
  await expect(store.setMany([["a", "new"], ["b", "new"], ["c", "new"]])).rejects.toMatchObject(failure); // prettier-ignore
  expect(await storage.entries()).toEqual([["a", "old"]]);
});

test("stores over one object exclude and hear one another, and keys that are none are reported", async () => {
  const storage = strings(memory());
  const [one, other] = [0, 1].map(() => fromStrings(storage, { exclusive: true }));
  const changes = other!.watch();
  const next = changes.next();
  await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? one! : other!).increment("n")));
  expect(await text(one!).get("n")).toBe("20");
  expect((await next).value).toEqual({ type: "set", key: "n" });
  await one!.close();
  await other!.set("n", Uint8Array.of(49));
  expect((await changes.next()).value).toEqual({ type: "set", key: "n" });
  await storage.setItem("x".repeat(2000), "long");
  const skipped: string[] = [];
  await migrate(other!, memory(), { onSkipped: ({ key }) => void skipped.push(key) });
  expect(skipped).toEqual(["x".repeat(2000)]);
});
