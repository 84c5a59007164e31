// Bundles the tests (they are TypeScript) and hands them to Node's test runner.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "../build/test");
const files = readdirSync(HERE).filter((name) => name.endsWith(".test.ts"));
mkdirSync(OUT, { recursive: true });
await build({ entryPoints: files.map((name) => join(HERE, name)), outdir: OUT, outExtension: { ".js": ".mjs" }, bundle: true, platform: "node", format: "esm", target: "node20", jsx: "automatic", jsxImportSource: "preact" });
const { status } = spawnSync(process.execPath, ["--test", ...files.map((name) => join(OUT, name.replace(/\.ts$/, ".mjs")))], { stdio: "inherit" });
process.exitCode = status ?? 1;
