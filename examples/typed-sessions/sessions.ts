// Sessions whose type and check are one schema, each alive for half an hour after it was last used.
//   node sessions.ts
import { isStoreError, json, open } from "shelflife";
import { z } from "zod";

const Session = z.object({
  user: z.email(),
  roles: z.array(z.enum(["reader", "editor"])),
  visits: z.number().int(),
});

const halfHour = 30 * 60_000;
const store = await open({ backend: "memory", parameters: { maxEntries: 10_000 } });
const sessions = json(store, { schema: Session, prefix: "session/" });

const id = crypto.randomUUID();
await sessions.set(id, { user: "ada@example.org", roles: ["editor"], visits: 0 }, { ttl: halfHour });

// The type comes from the schema, and the deadline starts anew.
const session = await sessions.update(id, (current) => current && { ...current, visits: current.visits + 1 }, {
  ttl: halfHour,
});
console.log(session?.user, session?.visits);

// What the compiler was not asked about is refused when it is written …
const guest = JSON.parse('{"user": "nobody", "roles": [], "visits": 0}');
await sessions.set("guest", guest).catch((error) => console.log(isStoreError(error, "cant-encode")));

// … and when it is read, should somebody else have written it.
await store.set("session/old", new TextEncoder().encode('{"user": "ada@example.org"}'));
await sessions.get("old").catch((error) => console.log(isStoreError(error, "cant-decode"), error.key));

await store.close();
