import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

// Testing Library cleans up by itself only where the test functions are globals.
afterEach(cleanup);

// Mantine asks for both; happy-dom lays nothing out, so an observer that never reports is the truth.
globalThis.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};
