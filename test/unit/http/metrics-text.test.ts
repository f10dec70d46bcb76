import { expect, test } from "vitest";
import { counter, gauges, labelled, writeMetrics } from "../../../src/http/metrics-text.ts";

test("a metric is written as Prometheus reads it", () => {
  const text = writeMetrics([
    counter("posts_total", "Posts", 3),
    gauges("runs", "Runs by status", labelled("status", { queued: 2, running: 0 })),
  ]);
  expect(text).toBe(`# HELP posts_total Posts
# TYPE posts_total counter
posts_total 3
# HELP runs Runs by status
# TYPE runs gauge
runs{status="queued"} 2
runs{status="running"} 0
`);
});

test("quotes, backslashes and line ends in a label cannot end it", () => {
  const text = writeMetrics([gauges("disk", "Room", labelled("folder", { 'a"b\\c\nd': 1 }))]);
  expect(text).toContain(String.raw`disk{folder="a\"b\\c\nd"} 1`);
});
