// WebAssembly in a browser: the vectors pass, and training gives the fingerprint of the reference interpreter.

import assert from "node:assert/strict";
import test from "node:test";
import { digitsJob } from "../../../interpreters/js/examples/digits.mjs";
import { fingerprint, train } from "../../../interpreters/js/paragon.mjs";
import { result, skip, vectorsPass, withPage } from "../../../interpreters/js/test/chromium.mjs";

test("the page runs the vectors and trains with the compiled core", { skip, timeout: 300_000 }, () => withPage(async (page) => {
  await page.selectOption("#executor", "wasm");
  await vectorsPass(page);
  const trained = await result(page, "training", () => page.click("#train"));
  assert.ok(trained.startsWith(`fingerprint ${fingerprint(train(digitsJob()).state)}\n`), trained);
}));
