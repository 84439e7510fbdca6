import assert from "node:assert/strict";
import { test } from "vitest";

/** Registers a test that is written for tape: it ends as often as it planned to check, by `end()`, or with its promise. */
export function tape(name: string, run: (t: any) => unknown): void {
  test(name, async () => {
    let [planned, count] = [Infinity, 0];
    let end!: () => void;
    let reject!: (error: unknown) => void;
    const ended = new Promise<void>((...settle) => ([end, reject] = settle));

    const counted =
      (check: (...args: any[]) => void) =>
      (...args: any[]): void => {
        try {
          check(...args);
        } catch (error) {
          // Who catches it in the test may not keep it from failing.
          reject(error);
          throw error;
        }
        if (++count > planned) reject(new Error(`Expected ${planned} checks, got more`));
        if (count === planned) end();
      };
    const fail = (message: unknown): void => reject(message instanceof Error ? message : new Error(String(message)));

    const done = run({
      plan: (number: number) => void (planned = number),
      end: (error?: unknown) => (error ? fail(error) : end()),
      fail,
      pass: counted(() => {}),
      ok: counted((value, message) => assert.ok(value, message)),
      is: counted(assert.equal),
      isNot: counted(assert.notEqual),
      same: counted(assert.deepEqual),
      throws: counted(assert.throws),
      doesNotThrow: counted(assert.doesNotThrow),
    }) as Promise<unknown> | undefined;

    if (done) {
      await Promise.race([done, ended.then(() => done)]);
      if (planned === Infinity) end();
    }
    await ended;
  });
}
