import { describe, test } from "vitest";
import { cases, casesFor, prove, type Subject } from "shelflife/testing";

/** Defines a test of each Case on each subject. */
export function defineCases(subjects: readonly Subject[]): void {
  for (const subject of subjects) {
    describe(subject.name, () => {
      for (const each of casesFor(cases, subject)) test(each.name, () => prove(each, subject));
    });
  }
}
