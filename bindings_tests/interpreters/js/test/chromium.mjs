// The page in headless Chromium, for tests. CHROMIUM names another binary than Debian's.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { serve } from "../browser/serve.mjs";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const playwright = await import("playwright-core").catch(() => null);
const args = [
  "--headless", "--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** What is missing for these tests: they are skipped then, except in CI, where they fail. */
export const missing = !playwright ? "playwright-core is not installed (npm install)" : !existsSync(executablePath) ? `no ${executablePath}` : false;
export const skip = process.env.CI ? false : missing;

/** @typedef {import("playwright-core").Page} Page */

/**
 * Opens the page for `use`; errors that the page throws or logs fail the test.
 * @param {(page: Page) => Promise<void>} use
 */
export async function withPage(use) {
  assert.ok(playwright, String(missing));
  const server = await serve(0);
  const browser = await playwright.chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    /** @type {string[]} */
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.setDefaultTimeout(240_000);
    await page.goto(server.url);
    await use(page);
    assert.deepEqual(errors, []);
  } finally {
    await browser.close();
    server.close();
  }
}

/**
 * Does something on the page and waits for the result that it is to show.
 * @param {Page} page
 * @param {"vectors" | "training"} id
 * @param {() => Promise<void>} act
 * @param {"passed" | "failed"} [wanted]
 * @returns {Promise<string>} the text shown
 */
export async function result(page, id, act, wanted = "passed") {
  await act();
  const output = page.locator(`#${id}[data-result]`);
  await output.waitFor();
  const text = String(await output.textContent());
  assert.equal(await output.getAttribute("data-result"), wanted, text);
  return text;
}

/**
 * Runs the vectors on the page; all must pass.
 * @param {Page} page
 */
export async function vectorsPass(page) {
  const summary = await result(page, "vectors", () => page.click("#run-vectors"));
  const [, passed, total] = /** @type {RegExpMatchArray} */ (summary.match(/^(\d+) of (\d+) cases/));
  assert.ok(Number(total) > 0 && passed === total, summary);
}
