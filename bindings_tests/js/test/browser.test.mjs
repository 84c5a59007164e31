// The page in headless Chromium: all vectors pass there, and training gives the fingerprint it gives in Node.
// Without playwright-core or a Chromium the test is skipped, except in CI, where it fails. CHROMIUM names another binary.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { serve } from "../browser/serve.mjs";
import { digitsJob } from "../examples/digits.mjs";
import { fingerprint, train, writeSafetensors } from "../paragon.mjs";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const playwright = await import("playwright-core").catch(() => null);
const missing = !playwright ? "playwright-core is not installed (npm install)" : !existsSync(executablePath) ? `no ${executablePath}` : false;
const args = [
  "--headless", "--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

test("the page runs the vectors and trains", { skip: process.env.CI ? false : missing, timeout: 300_000 }, async () => {
  assert.ok(playwright, String(missing));
  const server = await serve(0);
  const browser = await playwright.chromium.launch({ executablePath, args });
  const folder = mkdtempSync(join(tmpdir(), "paragon-page-"));
  try {
    const page = await browser.newPage();
    /** @type {string[]} */
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.setDefaultTimeout(240_000);
    await page.goto(server.url);

    /** @type {(id: string, act: () => Promise<void>) => Promise<string>} */
    const result = async (id, act) => {
      await act();
      const output = page.locator(`#${id}[data-result]`);
      await output.waitFor();
      const text = String(await output.textContent());
      assert.equal(await output.getAttribute("data-result"), "passed", text);
      return text;
    };

    const summary = await result("vectors", () => page.click("#run-vectors"));
    const [, passed, total] = /** @type {RegExpMatchArray} */ (summary.match(/^(\d+) of (\d+) cases/));
    assert.ok(Number(total) > 0 && passed === total, summary);

    const trained = await result("training", () => page.click("#train"));
    assert.ok(trained.startsWith(`fingerprint ${fingerprint(train(digitsJob()).state)}\n`), trained);

    const other = digitsJob({ rows: 40, steps: 5, batch: 8, hidden: 5, seed: [9, 9] });
    const path = join(folder, "job.safetensors");
    writeFileSync(path, writeSafetensors(other));
    const chosen = await result("training", () => page.setInputFiles("#job", path));
    assert.ok(chosen.startsWith(`fingerprint ${fingerprint(train(other).state)}\n`), chosen);
    assert.deepEqual(errors, []);

    writeFileSync(path, "no tensors");
    await page.setInputFiles("#job", []);
    await page.setInputFiles("#job", path);
    await page.locator("#training.failed").waitFor();
    assert.match(String(await page.locator("#training").textContent()), /safetensors: /);
  } finally {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
});
