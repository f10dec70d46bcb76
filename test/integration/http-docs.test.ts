import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../support/http-server.ts";
import { requirePeer } from "../support/peers.ts";

const CHROMIUM = "/usr/bin/chromium";
requirePeer("Chromium", existsSync(CHROMIUM), "apt-get install chromium");

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test("the documentation is readable and searchable, and asks nobody but us", async () => {
  await using browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  const page = await browser.newPage();
  const outside: string[] = [];
  const errors: string[] = [];
  page.on("response", (response) => {
    if (/^https?:/u.test(response.url()) && !response.url().startsWith(server.url)) outside.push(response.url());
    if (response.status() >= 400) errors.push(response.url());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`${server.url}/api/docs`);
  await page.getByRole("heading", { name: "Sign in with an API key" }).waitFor();
  expect(await page.getByText("/api/things/{id}").count()).toBeGreaterThan(0);
  await page.getByPlaceholder("Search...").fill("sign");
  await page.getByRole("search").getByText("Sign in with an API key").first().waitFor();
  expect(outside).toEqual([]);
  expect(errors).toEqual([]);
});
