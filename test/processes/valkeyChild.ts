// A process of its own: opens the store that its argument describes, counts ten times at once, and says what it read.
import process from "node:process";
import { valkey } from "../../src/backends/valkey.ts";

const store = valkey(JSON.parse(process.argv[2]!));
const counts = await Promise.all(Array.from({ length: 10 }, () => store.increment("n")));
const greeting = new TextDecoder().decode(await store.get("greeting"));
await store.close();
process.stdout.write(`${JSON.stringify({ counts, greeting })}\n`);
