// Files are replaced as a whole, also when several threads of one process write the same one.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Worker, isMainThread, workerData } from "node:worker_threads";
import { replaceFile } from "../files.mjs";

const WRITERS = 4;

if (isMainThread) {
  test("writers of one target do not take each other's temporary files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "paragon-replace-"));
    try {
      const path = join(folder, "f");
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => new Promise((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { path, writer } });
        worker.on("error", reject).on("exit", resolve);
      })));
      assert.deepEqual(readdirSync(folder), ["f"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
} else {
  const { path, writer } = workerData;
  const bytes = new Uint8Array(1 + 100_000 * writer).fill(writer);
  for (let i = 0; i < 50; i++) {
    replaceFile(path, bytes);
    const found = readFileSync(path);
    assert.equal(found.length, 1 + 100_000 * found[0]);
  }
}
