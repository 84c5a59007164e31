// In a browser: all vectors pass, and training gives the fingerprint that it gives in Node.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { digitsJob } from "../examples/digits.mjs";
import { fingerprint, train, writeSafetensors } from "../paragon.mjs";
import { result, skip, vectorsPass, withPage } from "./chromium.mjs";

test("the page runs the vectors and trains", { skip, timeout: 300_000 }, () => withPage(async (page) => {
  await vectorsPass(page);
  const trained = await result(page, "training", () => page.click("#train"));
  assert.ok(trained.startsWith(`fingerprint ${fingerprint(train(digitsJob()).state)}\n`), trained);

  const folder = mkdtempSync(join(tmpdir(), "paragon-page-"));
  try {
    const job = digitsJob({ rows: 40, steps: 5, batch: 8, hidden: 5, seed: [9, 9] });
    const [path, bad] = [join(folder, "job.safetensors"), join(folder, "bad.safetensors")];
    writeFileSync(path, writeSafetensors(job));
    writeFileSync(bad, "no tensors");
    const chosen = await result(page, "training", () => page.setInputFiles("#job", path));
    assert.ok(chosen.startsWith(`fingerprint ${fingerprint(train(job).state)}\n`), chosen);
    assert.match(await result(page, "training", () => page.setInputFiles("#job", bad), "failed"), /safetensors: /);
  } finally {
    rmSync(folder, { recursive: true });
  }
}));
