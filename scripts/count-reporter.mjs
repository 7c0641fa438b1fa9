/** Prints `N passed, N failed, N skipped` as the last line of a run, so that any CI can read the count. */
export default class CountReporter {
  onTestRunEnd(modules, errors) {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state] = (count[test.result().state] ?? 0) + 1;
      if (module.state() === "failed" && [...module.children.allTests()].length === 0) count.failed += 1;
    }
    count.failed += errors.length;
    process.on("exit", () => console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`));
  }
}
