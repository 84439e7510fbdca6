// Says how many bytes each entry of a peer holds: node --expose-gc bench/held.ts <peer> <entries>
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { bytes } from "./memoryPeers.ts";
import { keysOf, valueOf } from "./values.ts";

/** What this process holds, on its heap and beside it, once what is of no use is let go of: bytes. */
async function measure(): Promise<number> {
  for (let turn = 0; turn < 4; turn++) {
    await setTimeout(20);
    globalThis.gc!();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const [name, text] = process.argv.slice(2);
const entries = Number(text);
const peer = await bytes[name!]!();
const before = await measure();
// The keys and values are nobody's but the peer's. A key is a text of its own, as what is read from somewhere is: put
// together from parts it would hold those, too.
let index = 0;
for (const key of JSON.parse(JSON.stringify(keysOf(entries))) as string[])
  await peer.set(key, valueOf(index++, 0, 100));
const held = ((await measure()) - before) / entries;
for (const [index, key] of [...keysOf(entries).entries()].filter(([index]) => index % 1000 === 0)) {
  const found = (await peer.get(key)) as Uint8Array | undefined;
  const value = valueOf(index, 0, 100);
  if (!found || Buffer.compare(found, value)) throw new Error(`${name} does not hold what was set under ${key}`);
}
process.send!({ measured: held });
process.disconnect();
