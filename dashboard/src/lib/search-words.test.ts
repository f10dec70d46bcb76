import { expect, test } from "vitest";
import { filterOfParams, formatSearch, listPart, parseSearch, withFilter } from "./search-words.ts";

test("words with a colon narrow, all others are searched for", () => {
  expect(parseSearch("is:failed repo:web tag:nightly from:slack flaky  test")).toEqual({
    status: ["failed"],
    repo: "web",
    tag: "nightly",
    source: "slack",
    q: "flaky test",
  });
});

test("a word that means nothing is searched for as it is", () => {
  expect(parseSearch("is:purple from:mars http://x")).toEqual({ q: "is:purple from:mars http://x" });
});

test("a filter goes into the address and comes back as the same words", () => {
  const words = "is:done repo:web tag:a from:api round";
  const params = withFilter(new URLSearchParams("tab=facts"), parseSearch(words));
  expect(params.get("tab")).toBe("facts");
  expect(formatSearch(filterOfParams(params))).toBe(words);
});

test("a link to another session keeps the search and drops what belongs to one session", () => {
  expect(listPart(new URLSearchParams("q=x&tab=facts&file=a.js"))).toBe("?q=x");
  expect(listPart(new URLSearchParams("tab=facts"))).toBe("");
});
