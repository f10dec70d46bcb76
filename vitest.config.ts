import { defineConfig } from "vitest/config";
import { closingReporter } from "./test/support/closing-reporter.ts";

/** How long a test looks for what must come; vitest's own second is too short for a busy machine. */
const patient = { poll: { timeout: 15_000 } };

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
          expect: patient,
          include: ["test/unit/**/*.test.ts"],
          setupFiles: ["test/support/property-seed.ts"],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        oxc: { jsx: { runtime: "automatic" } },
        test: {
          name: "dashboard",
          expect: patient,
          include: ["dashboard/src/**/*.test.{ts,tsx}"],
          environment: "happy-dom",
          setupFiles: ["dashboard/src/test-setup.ts"],
          testTimeout: 20_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "integration",
          expect: patient,
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
          expect: patient,
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
          expect: patient,
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
          expect: patient,
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
          expect: patient,
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
