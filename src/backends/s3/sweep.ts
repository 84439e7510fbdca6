import type { Call } from "../../core/contract.ts";
import { pagesOf, type Bucket } from "./bucket.ts";
import type { Names } from "./names.ts";
import { isGone, type Values } from "./values.ts";

/** Removes what has expired, by the marks whose time has come, and counts it. */
export async function sweep(values: Values, bucket: Bucket, names: Names, call: Call): Promise<number> {
  let count = 0;
  for await (const lines of pagesOf(bucket, names.marks, call)) {
    const due = lines.filter(({ name }) => (names.readMark(name)?.from ?? Infinity) <= call.now());
    const counts = await Promise.all(due.map(({ name }) => sweepMark(name, values, bucket, names, call)));
    count = counts.reduce((sum, one) => sum + one, count);
    if (due.length < lines.length) break;
  }
  return count;
}

/** Removes an object that is not to outlive now, or the mark of one that needs it no more. Counts what expired. */
async function sweepMark(mark: string, values: Values, bucket: Bucket, names: Names, call: Call): Promise<number> {
  const { name, until, width } = names.readMark(mark)!;
  const found = await bucket.look(name, call);
  const { expiresAt = Infinity } = found?.meta ?? {};
  const isExpired = !isGone(found?.meta) && expiresAt <= call.now();
  if (isExpired && !(await values.remove(found!, name, "mine", call))) return 0;
  // A value that is being written finds its mark there for a while longer.
  const isNeeded = !isExpired && names.ofMark(name, expiresAt) === mark;
  if (!isNeeded && until + width <= call.now()) await bucket.drop(mark, call);
  return isExpired ? 1 : 0;
}
