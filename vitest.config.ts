import { defineConfig } from "vitest/config";
import { closingReporter } from "./test/support/closing-reporter.ts";

/** Two workers on any machine: the integration tests start servers, databases and agents of their own. */
const workers = 2;

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: workers,
    reporters: ["default", closingReporter()],
    allowOnly: false,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          setupFiles: ["test/support/property-seed.ts"],
          testTimeout: 10_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        oxc: { jsx: { runtime: "automatic" } },
        test: {
          name: "dashboard",
          include: ["dashboard/src/**/*.test.{ts,tsx}"],
          environment: "happy-dom",
          setupFiles: ["dashboard/src/test-setup.ts"],
          testTimeout: 15_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          setupFiles: ["test/support/property-seed.ts"],
          globalSetup: ["test/support/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Much of their time is spent waiting for leases to run out.
          maxWorkers: workers + 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "mail",
          include: ["test/mail/**/*.test.ts"],
          globalSetup: ["test/support/global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 5 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/support/global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: "n8n",
          include: ["test/n8n/**/*.test.ts"],
          globalSetup: ["test/support/global-setup.ts"],
          testTimeout: 240_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          sequence: { groupOrder: 6 },
        },
      },
      {
        test: {
          name: "kill",
          include: ["test/kill/**/*.test.ts"],
          globalSetup: ["test/support/global-setup.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
