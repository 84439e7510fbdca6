import { test } from "vitest";
import * as fc from "fast-check";

// How many times as many inputs as in a quick check there are, each time others: SHELFLIFE_FUZZ=100 takes some minutes.
const factor = Number(process.env.SHELFLIFE_FUZZ ?? 0);
// What fails names its seed, which makes the same inputs again.
const seed = process.env.SHELFLIFE_FUZZ_SEED === undefined ? (factor ? Date.now() : 1) : Number(process.env.SHELFLIFE_FUZZ_SEED); // prettier-ignore
// However slow the machine is: ms.
const limit = 4000 * Math.max(1, factor);

/** Tests what has to hold for any input: a sentence, how inputs are made, and the check of one. */
export function fuzz<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => void | Promise<void>,
  runs = 2000,
): void {
  test(name, { timeout: limit + 120_000 }, async (context) => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(inputs, async (input) => {
        count++;
        await check(input);
      }),
      {
        seed,
        numRuns: runs * Math.max(1, factor),
        interruptAfterTimeLimit: limit,
        // One that hangs is a failure of its own.
        timeout: 60_000,
      },
    );
    await context.annotate(`${count} inputs`);
  });
}

/** Bytes that are text, nearly text, or anything. */
export const anyBytes = (maxLength = 200): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc.oneof(
    fc.uint8Array({ maxLength }),
    fc.string({ unit: "binary", maxLength }).map((text) => new TextEncoder().encode(text)),
  );

/** Names that have a meaning to JavaScript, to a path, or to HTTP. */
export const oddNames = fc.constantFrom(
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "..",
  ".",
  "a/../b",
  "\0",
  "\r\nset-cookie: a=b",
  "%2e%2e%2f",
  "\ud800",
  "\udfff\ud800",
  "\u{1f600}",
  "",
);

/** Keys and what is none. */
export const anyText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("a", "b", "n", "word") },
  { weight: 2, arbitrary: oddNames },
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constant("k".repeat(1025)),
);

/** Any JSON, with odd names in it. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small", withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.integer(), anyText),
    fc.array(tie("value"), { maxLength: 5 }),
    fc
      .array(fc.tuple(fc.oneof(oddNames, fc.constantFrom("calls", "find", "set", "code", "detail", "key")), tie("value")), { maxLength: 4 })
      .map((members) => Object.fromEntries(members)),
  ),
})).value; // prettier-ignore
