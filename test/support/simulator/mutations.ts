import type { Edit } from "./bundle.ts";

/** A guard of the offline room, and how it is taken away. */
export interface Mutation {
  readonly name: string;
  readonly edits: readonly Edit[];
}

const m = (name: string, ...edits: Edit[]): Mutation => ({ name, edits });

export const mutations: readonly Mutation[] = [
  m(
    "an answer overwrites what was pulled since",
    ["settleBatch.ts", "if (n !== seen[index]) return [index];", ""],
    ["settleBatch.ts", "if (record.n !== seen[index]) isOutrun = true;", ""],
  ),
  m("settles what somebody else has settled", [
    "settleBatch.ts",
    "if (!isSameBatch(toJson(row), identity)) return undefined;",
    "if (records.some(({ pending }) => !pending[0])) return undefined;",
  ]),
  m("forms without looking whether the journal is as it was", [
    "form.ts",
    "if (now?.name !== identity.name || now.sequence !== identity.sequence || now.batch) return undefined;",
    "if (!now) return undefined;",
  ]),
  m("what is on its way is not seen to be", ["marks.ts", "return (id) => ids.has(id);", "return () => false;"]),
  m("pushes each time under a new name", [
    "push.ts",
    "link.push({ name, sequence, nonce,",
    "link.push({ name: (await link.greet(call)).name, sequence: 1, nonce,",
  ]),
  m("sends again what was forgotten", [
    "push.ts",
    "await look(side, items, records, call)",
    "items.map(() => ({ isDone: false, isLater: true }))",
  ]),
  m("sends an uncertain increment again", [
    "push.ts",
    "slot.by === undefined ? { isDone: false, isLater: true }",
    "true ? { isDone: false, isLater: true }",
  ]),
  m("takes a write that was forgotten for done", [
    "push.ts",
    "return isDone ? { isDone, now } :",
    "return true ? { isDone: true, now } :",
  ]),
  m("a refused operation waits for ever", ["push.ts", "return !/^(unavailable", "return false && !/^(unavailable"]),
  m("uses up the number of a push that was refused as a whole", [
    "push.ts",
    "{ name, sequence: sequence - 1 }",
    "{ name, sequence }",
  ]),
  m("an expired write is sent as it is", ["push.ts", "hasEnded(slot, now) ? undefined : slot.value", "slot.value"]),
  m("an expired write is dropped", [
    "form.ts",
    "return { records, others",
    "return { records: records.map((record) => {\n        const [slot] = record.pending;\n        const isOut = isWrite(slot) && slot.expiresAt <= call.now() && record.mark;\n        if (isOut) items.splice(0, items.length, ...items.filter(([, , id]) => id !== slot.id));\n        return isOut ? { ...record, pending: record.pending.slice(1) } : record;\n      }), others",
  ]),
  m("pulls nothing of what is pending", [
    "pull.ts",
    "if (record.pending[0]?.isSent) return { ...record, n: word() };",
    "if (record.pending[0]) return record;",
  ]),
  m("shows what may be in what is on its way", [
    "pull.ts",
    "if (record.pending[0]?.isSent) return { ...record, n: word() };",
    "",
  ]),
  m(
    "saves the bookmark before the changes are taken over",
    ["pull.ts", "if (!isGap) await fetchAll(side, [...changes.keys], round, call);", ""],
    [
      "pull.ts",
      "if (!progress.listing) return;",
      "if (!isGap) await fetchAll(side, [...changes.keys], round, call);\n  if (!progress.listing) return;",
    ],
  ),
  m("takes the bookmark after the listing", [
    "pull.ts",
    "await advance(side, (progress) => ({ ...progress, listing: undefined,",
    "const { bookmark } = await side.link.changes(undefined, call);\n  await advance(side, (progress) => ({ ...progress, bookmark, listing: undefined,",
  ]),
  m("does not compare where a bookmark is not known", [
    "pull.ts",
    "const isGap = !changes.keys || bookmark",
    "(changes as any).keys ??= [];\n  const isGap = bookmark",
  ]),
  m("keeps what is there no more", ["pull.ts", "here.filter((key) => !there.has(key))", "[]"]),
  m("writes no mark", ["marks.ts", "for (const key of added)", "for (const key of [] as string[])"]),
  m("reports nothing of what has changed", ["step.ts", "if (change) changes.push(change);", ""]),
  m("a write takes the place of one on its way", [
    "enqueue.ts",
    "const stays = last?.isSent || !last ? pending : pending.slice(0, -1);",
    "const stays = pending.slice(0, -1);",
  ]),
  m("an addition goes into one on its way", ["enqueue.ts", "if (!last || last.isSent)", "if (!last)"]),
  m("forgets what was overwritten", ["settle.ts", "over: other }", "over: undefined }"]),
  m("a decision on what was there before goes over what is there", [
    "settle.ts",
    "return steps ? lose() :",
    "return steps ? { ...write, ...base } :",
  ]),
  m("loses without a word", ["settle.ts", "reports.push(cause === undefined", "void (cause === undefined"]),
  m("what follows is not put on what has come", [
    "settle.ts",
    "if (isExpected) keep({ ...rest, ...base });\n",
    "void base; void rest; if (isExpected || true) keep(next);\n",
  ]),
  m("what follows does not look what has come", ["settle.ts", "if (isExpected) keep", "if (isExpected || true) keep"]),
  m("an uncertain increment is not reported", [
    "settle.ts",
    "if (isUncertain && !isWrite(slot) && slot.by",
    "if (false && !isWrite(slot) && slot.by",
  ]),
  m("shows what has ended", ["record.ts", "return live(seen, now);", "return seen;"]),
  m("the first to greet is forgotten", [
    "identity.ts",
    "if (now && (now.name !== known?.name || now.batch)) {",
    "if (false) {",
  ]),
  m("takes a value that is only on the server for one that is known", [
    "settleBatch.ts",
    "(confirmed?.value || isDone)",
    "true",
  ]),
  m("gives up a value to which something is added", ["record.ts", "|| needsValue(record)", ""]),
  m("does not look whether a value is another one that is only on the server", [
    "settle.ts",
    "return a?.tag === b?.tag &&",
    "return",
  ]),
  m("brings nothing to the server while the local store is full", [
    "rows.ts",
    "if (isOver) throw error;",
    "throw error;",
  ]),
  m("holds everything up for what has no room here", [
    "settleBatch.ts",
    "rowSize(withoutValue(over)) >= rowSize(record)",
    "false",
  ]),
];
