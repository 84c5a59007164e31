// What of JSON Schema the validator of the pages (kit/schema.ts) knows. A schema that says more is an error of the build.

const KNOWN = new Set([
  "$ref", "$defs", "type", "const", "enum", "pattern", "minimum", "maximum", "minItems", "maxItems", "items", "prefixItems",
  "properties", "required", "additionalProperties", "anyOf", "default",
]);
const PROSE = new Set(["title", "description"]);

/** Calls `visit` for every schema within a schema. */
function walk(schema, visit) {
  if (typeof schema !== "object" || schema === null) return;
  visit(schema);
  for (const key of ["$defs", "properties"]) for (const part of Object.values(schema[key] ?? {})) walk(part, visit);
  for (const key of ["items", "additionalProperties"]) walk(schema[key], visit);
  for (const key of ["anyOf", "prefixItems"]) for (const part of schema[key] ?? []) walk(part, visit);
}

/** Throws an error that names the file and a keyword that the validator would overlook. */
export function checkKeywords(schema, file) {
  walk(schema, (part) => {
    for (const key of Object.keys(part)) {
      if (!KNOWN.has(key) && !PROSE.has(key)) throw new Error(`${file}: kit/schema.ts does not know ${JSON.stringify(key)}`);
    }
  });
}

/** The schema without what is for people. */
export function strip(schema) {
  const copy = structuredClone(schema);
  walk(copy, (part) => PROSE.forEach((key) => typeof part[key] === "string" && delete part[key]));
  return copy;
}
