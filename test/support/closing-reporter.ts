import type { Reporter, TestModule, TestSuite } from "vitest/node";

/** Closes a test run with `N passed, N failed` (and `, N skipped` when any), alone on the last line. */
export function closingReporter(): Reporter {
  let line: string | undefined;
  // At exit, because a global tear-down may still write after the run has ended.
  process.on("exit", () => line !== undefined && process.stdout.write(`${line}\n`));
  return {
    onTestRunEnd(modules, unhandledErrors, reason) {
      const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
      for (const module of modules) {
        for (const test of module.children.allTests()) count[outcome(test.result().state)] += 1;
        // A file that does not load, or a failing beforeAll, has no failing test to count.
        for (const suite of [module, ...module.children.allSuites()]) count.failed += brokenSetUp(suite);
      }
      if (reason === "interrupted") count.failed += 1;
      const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
      line = `${count.passed} passed, ${count.failed} failed${skipped}`;
    },
  };
}

function outcome(state: "passed" | "failed" | "skipped" | "pending"): "passed" | "failed" | "skipped" {
  return state === "pending" ? "failed" : state;
}

function brokenSetUp(suite: TestModule | TestSuite): number {
  return suite.errors().length > 0 ? 1 : 0;
}
