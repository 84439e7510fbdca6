// What is read goes into the platform without a word, and what is written may come from anywhere. It is compiled, not run.
import { cached, json, memory, prefix, type Schema, type Store } from "shelflife";

export async function read(store: Store): Promise<unknown[]> {
  const entry = await store.entry("a");
  const [first] = await store.findMany(["a"]);
  const taken = await store.take("a");
  const updated = await store.update("a", (current) => current ?? new Uint8Array(1));
  return [
    new Response(await store.get("a")),
    new Blob([(await prefix(store, "b").find("a"))!, entry!.value, first!]),
    crypto.subtle.digest("SHA-256", await cached(store, { maxBytes: 1 }).get("a")),
    crypto.subtle.digest("SHA-256", taken!),
    new Response(updated),
  ];
}

export async function write(store: Store, bytes: Uint8Array): Promise<void> {
  await store.set("a", bytes);
  await store.setMany([["a", bytes]]);
  await store.compareAndSet("a", bytes, bytes);
  await store.setIfAbsent("a", bytes);
  await store.update("a", () => bytes);
  await store.transact(["a"], () => [{ value: bytes }]);
  // @ts-expect-error text is no bytes
  await store.set("a", "text");
}

/** Works on every store, views included. */
export async function copy<T>(store: Store<T>): Promise<T | undefined> {
  const value = await store.find("a");
  if (value !== undefined) await store.set("b", value);
  return store.update("c", (current) => current ?? value);
}

interface Session {
  user: string;
}

export async function updated(sessions: Store<Session>): Promise<string> {
  const session = await sessions.update("a", () => ({ user: "ada" }));
  const maybe = await sessions.update("a", (current) => current && { user: `${current.user}!` });
  // @ts-expect-error it may be gone
  maybe.user.trim();
  // @ts-expect-error a session has a user
  await sessions.update("a", () => ({}));
  // @ts-expect-error a promise is no session
  await sessions.update("a", async () => ({ user: "ada" }));
  await copy(sessions);
  await copy(memory());
  return session.user;
}

// A schema that makes dates of text.
declare const schema: Schema<{ at: Date }, { at: string }>;

export async function transformed(): Promise<number> {
  const events: Store<{ at: Date }, { at: string }> = prefix(json(memory(), { schema }), "events/");
  await events.set("a", { at: "2000-01-01" });
  await events.compareAndSet("a", { at: "2000-01-01" }, { at: "2000-01-02" });
  // @ts-expect-error text is written
  await events.set("a", { at: new Date() });
  const { at } = await events.update("a", (current) => ({ at: current ? current.at.toISOString() : "2000-01-01" }));
  // @ts-expect-error a date is read
  (await events.get("a")).at.trim();
  return at.getTime() + (await events.get("a")).at.getTime();
}
