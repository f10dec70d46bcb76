import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// Parts that are loaded on demand take their time on a busy machine.
configure({ asyncUtilTimeout: 6_000 });

// Testing Library cleans up by itself only where the test functions are globals.
afterEach(() => {
  cleanup();
  localStorage.clear();
});

// Mantine asks for these; happy-dom lays nothing out, so an observer that never reports is the truth.
globalThis.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};
Element.prototype.scrollIntoView ??= () => {};
Object.defineProperty(document, "fonts", { value: new EventTarget() });
