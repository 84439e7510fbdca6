import { decodeLoosely } from "../../../src/core/utf8.ts";
import { readRecord, visible } from "../../../src/offline/record.ts";
import type { Client } from "./client.ts";
import type { Ledger } from "./ledger.ts";

/** Notes what a client has of keys, and returns what checks that those were found that are there, as far as nothing changes. */
export async function watchOver(
  client: Client,
  ledger: Ledger,
  keys: readonly string[],
): Promise<(found: readonly string[], text?: string) => Promise<void>> {
  const { recorder, local, sets, now } = client;
  const look = (): Promise<readonly (Uint8Array | undefined)[]> => local.findMany(keys.map((key) => `d${key}`));
  const counts = keys.map(recorder.countOf);
  const [before, start, isKnown] = [await look(), now(), recorder.isComplete()];
  return async (found, text) => {
    const [after, end] = [await look(), now()];
    if (client.sets !== sets) return;
    keys.forEach((key, index) => {
      const row = before[index];
      if (recorder.countOf(key) !== counts[index] || !row !== !after[index] || (!row && !isKnown)) return;
      const [seen, still] = [start, end].map((at) => visible(readRecord(row), () => at));
      if (!seen !== !still) return;
      const isIt = text === undefined || text === (seen?.value ? decodeLoosely(seen.value) : seen?.tag);
      const isRight = found.includes(key) === !!seen && isIt;
      if (!isRight) ledger.fail(`${client.name} finds ${found.join()} ${text ?? ""} where ${key} is ${!!seen}`);
    });
  };
}
