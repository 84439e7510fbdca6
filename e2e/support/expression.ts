/**
 * Writes a call of a function as an expression that a page evaluates: it resolves with the result as text, because the drivers differ in
 * which values of their own they would carry.
 */
export function expressionOf(run: (...args: any[]) => unknown, args: readonly unknown[]): string {
  return `(async () => JSON.stringify(await (${String(run)})(...${JSON.stringify(args)})))()`;
}
