import { describe, test } from "vitest";
import type { Subject } from "../../src/testing.ts";

type Testing = Pick<typeof import("../../src/testing.ts"), "cases" | "casesFor" | "prove">;

/** Defines a test of each Case on each subject, so that a failure names its sentence. */
export function defineCases({ cases, casesFor, prove }: Testing, subjects: readonly Subject[]): void {
  for (const subject of subjects) {
    describe(subject.name, () => {
      for (const each of casesFor(cases, subject)) test(each.name, () => prove(each, subject));
    });
  }
}
