// Builds the pages: each one HTML file with everything inside, the same bytes on every machine.
//
//   node build.mjs [OUT]      all pages, into OUT (default: the Python package)
//   node build.mjs --types    only the types and schemas that the sources import

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { compile } from "json-schema-to-typescript";
import { checkKeywords, strip } from "./schemas.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(HERE);
const SCHEMAS = join(ROOT, "docs/schemas");
const GENERATED = join(HERE, "generated");

/** A page: its folder here, the words of its title, where the built file lies in the Python package. */
const PAGES = [{ folder: "workbench", title: "Paragon workbench", file: "apps/runs/web/workbench.html" }];
const TARGET = "es2022";

/** Types and schemas of the documents, from docs/schemas, which the pydantic models write. */
async function generate() {
  mkdirSync(GENERATED, { recursive: true });
  const schemas = {};
  const types = [];
  for (const file of readdirSync(SCHEMAS).filter((name) => name.startsWith("paragon.") && name.endsWith(".json")).sort()) {
    const schema = JSON.parse(readFileSync(join(SCHEMAS, file), "utf8"));
    const version = schema.properties.schema_version.const;
    checkKeywords(schema, file);
    schemas[version] = strip(schema);
    types.push(`export namespace ${schema.title}_ {\n${await compile(complete(schema), schema.title, { bannerComment: "", format: false })}}`);
    types.push(`export type ${schema.title} = ${schema.title}_.${schema.title};`);
  }
  writeFileSync(join(GENERATED, "schemas.json"), `${JSON.stringify(schemas)}\n`);
  writeFileSync(join(GENERATED, "documents.ts"), `${types.join("\n")}\n`);
}

/** The schema of a document as the page has it after validation: what was left out has its default, so everything is there. */
function complete(schema) {
  const all = (part) => {
    if (Array.isArray(part)) return part.map(all);
    if (typeof part !== "object" || part === null) return part;
    const { title: _, ...rest } = part;
    const found = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, key === "default" ? value : all(value)]));
    if (found.properties) found.required = Object.keys(found.properties);
    if (found.prefixItems) [found.items, found.additionalItems] = [found.prefixItems, false]; // tuples, as the generator knows them
    return found;
  };
  const { $defs, properties, ...rest } = schema;
  const named = (parts) => Object.fromEntries(Object.entries(parts ?? {}).map(([key, value]) => [key, all(value)]));
  return { ...rest, $defs: named($defs), properties: named(properties), required: Object.keys(properties) };
}

/** The code of a worker as a string: `import code from "worker:./kit/worker.ts"`. */
const workers = {
  name: "workers",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^worker:/ }, ({ path }) => ({ path: join(HERE, path.slice("worker:".length)), namespace: "worker" }));
    onLoad({ filter: /.*/, namespace: "worker" }, async ({ path }) => ({ contents: await bundle(path), loader: "text" }));
  },
};

/** A file with all that it imports, as a classic script. */
async function bundle(path) {
  const { outputFiles } = await build({
    entryPoints: [path],
    absWorkingDir: HERE,
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: TARGET,
    charset: "utf8",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".css": "text" },
    legalComments: "none",
    plugins: path.endsWith("worker.ts") ? [] : [workers],
  });
  return outputFiles[0].text;
}

/** A whole page. What an export puts in stands where `paragon:data` is. */
async function page({ folder, title }) {
  const script = await bundle(join(HERE, folder, "main.tsx"));
  const style = ["kit/style.css", `${folder}/style.css`].map((file) => readFileSync(join(HERE, file), "utf8")).join("\n");
  const { outputFiles } = await build({
    stdin: { contents: `${readFileSync(join(HERE, "node_modules/uplot/dist/uPlot.min.css"), "utf8")}\n${style}`, loader: "css" },
    minify: true,
    write: false,
  });
  const css = outputFiles[0].text.trim();
  if (/<\/script/i.test(script) || /<\/style/i.test(css)) throw new Error(`${folder}: the code would end its own element`);
  const hash = createHash("sha256").update(script).update(css).digest("hex").slice(0, 12);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="paragon ${folder} ${hash}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'self' file: blob:; style-src 'unsafe-inline'; img-src 'self' file: data: blob:; worker-src blob:; base-uri 'none'; form-action 'none'">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${css}</style>
</head>
<body>
<div id="page"><p class="loading">Reading the runs …</p></div>
<noscript>This page computes in your browser: it needs JavaScript. The same figures stand in run_summary.json and metrics.json beside it.</noscript>
<!--paragon:data-->
<script>${script.trim()}</script>
</body>
</html>
`;
}

const [argument] = process.argv.slice(2);
await generate();
if (argument !== "--types") {
  const out = argument ?? join(ROOT, "python/paragon");
  for (const entry of PAGES) {
    const path = join(out, entry.file);
    const text = await page(entry);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`${path}: ${text.length} characters`);
  }
}
