// The examples of docs/files.md: this reader says of each what every reader must, from the header alone and from the whole.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { readHead } from "../files.mjs";
import { checkFile, readSafetensors } from "../paragon.mjs";
import { fileURLToPath } from "node:url";

/** @type {(folder: string) => string[]} */
function examples(folder) {
  const path = fileURLToPath(new URL(`../../../vectors/files/${folder}`, import.meta.url));
  const files = readdirSync(path).map((name) => `${path}/${name}`);
  assert.ok(files.length >= 100, `only ${files.length} examples in ${path}`);
  return files;
}

test("what every reader accepts", () => {
  for (const path of examples("accept")) {
    assert.doesNotThrow(() => checkFile(readHead(path)), path);
    assert.doesNotThrow(() => checkFile(readSafetensors(readFileSync(path))), path);
  }
});

test("what every reader refuses", () => {
  for (const path of examples("refuse")) {
    assert.throws(() => checkFile(readHead(path)), Error, path);
    assert.throws(() => checkFile(readSafetensors(readFileSync(path))), Error, path);
  }
});
