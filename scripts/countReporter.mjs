// A reporter for vitest that ends with one line `N passed, N failed`, as every step of `npm test` does.

/** Counts the tests of a run; a file that cannot be loaded, a hook or an error beside the tests counts as one that failed. */
export default class CountReporter {
  onTestRunEnd(modules, errors) {
    let passed = 0;
    let failed = errors.length;
    for (const module of modules) {
      const states = [...module.children.allTests()].map((test) => test.result().state);
      const failures = states.filter((state) => state === "failed" || state === "pending").length;
      passed += states.filter((state) => state === "passed").length;
      failed += failures || (module.ok() ? 0 : 1);
    }
    // After the report that the failures are in, which is written when a run has ended.
    process.once("exit", () => process.stdout.write(`${passed} passed, ${failed} failed\n`));
  }
}
