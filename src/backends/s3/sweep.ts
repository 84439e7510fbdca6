import type { Call } from "../../core/contract.ts";
import { pagesOf, type Bucket } from "./bucket.ts";
import type { Names } from "./names.ts";
import { isGone, type Values } from "./values.ts";

/** What is swept. */
interface Swept {
  readonly values: Values;
  readonly bucket: Bucket;
  readonly names: Names;
}

/**
 * Removes what has expired, of the keys that begin with a prefix, by the marks whose time has come, and counts it.
 */
export async function sweep(swept: Swept, prefix: string, call: Call): Promise<number> {
  const { bucket, names } = swept;
  const start = names.ofPrefix(prefix);
  let count = 0;
  for await (const lines of pagesOf(bucket, names.marks, call)) {
    const due = lines.filter(({ name }) => (names.readMark(name)?.from ?? Infinity) <= call.now());
    const meant = due.filter(({ name }) => names.readMark(name)!.name.startsWith(start));
    const counts = await Promise.all(meant.map(({ name }) => sweepMark(name, swept, prefix, call)));
    count = counts.reduce((sum, one) => sum + one, count);
    if (due.length < lines.length) break;
  }
  return count;
}

/** Removes an object that is not to outlive now, or the mark of one that needs it no more. Counts what expired. */
async function sweepMark(mark: string, { values, bucket, names }: Swept, prefix: string, call: Call): Promise<number> {
  const { name, until, width } = names.readMark(mark)!;
  const found = await bucket.look(name, call);
  // The name of a long key says how it begins, and what was written there how it goes on.
  const key = names.keyOf(name) ?? found?.meta?.key;
  if (prefix !== "" && !key?.startsWith(prefix)) return 0;
  const { expiresAt = Infinity } = found?.meta ?? {};
  const isExpired = !isGone(found?.meta) && expiresAt <= call.now();
  if (isExpired && !(await values.remove(found!, name, "mine", call))) return 0;
  // A value that is being written finds its mark there for a while longer.
  const isNeeded = !isExpired && names.ofMark(name, expiresAt) === mark;
  if (!isNeeded && until + width <= call.now()) await bucket.drop(mark, call);
  return isExpired ? 1 : 0;
}
