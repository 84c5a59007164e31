// Validates documents by their JSON Schema (those that pydantic writes; the build refuses keywords that are not known here).

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  prefixItems?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  anyOf?: Schema[];
  default?: unknown;
}

/** What is wrong, and where: a dotted path, "document" for the whole. */
export interface Fault {
  field: string;
  what: string;
}

/** The first fault of a document, or null. Fields that were left out get their defaults. */
export function validate(schema: Schema, document: unknown): Fault | null {
  return check(schema, document, "", schema.$defs ?? {});
}

function check(schema: Schema, value: unknown, at: string, defs: Record<string, Schema>): Fault | null {
  if (schema.$ref !== undefined) return check(resolved(schema, defs), value, at, defs);
  const fault = (what: string): Fault => ({ field: at === "" ? "document" : at, what });
  if (schema.anyOf !== undefined) {
    let last: Fault | null = null;
    for (const choice of schema.anyOf) {
      const found = check(choice, value, at, defs);
      if (found === null) return null;
      if (choice.type !== "null") last ??= found;
    }
    return last ?? fault("fits none of the kinds that are allowed");
  }
  if ("const" in schema && value !== schema.const) return fault(`is ${show(value)}, not ${show(schema.const)}`);
  if (schema.enum && !schema.enum.includes(value)) return fault(`is ${show(value)}, none of ${schema.enum.map(show).join(", ")}`);
  if (schema.type !== undefined && !isOf(schema.type, value)) return fault(`is ${show(value)}; ${article(schema.type)} is expected`);
  if (typeof value === "string" && schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) {
    return fault(`${show(value)} does not have the form ${schema.pattern}`);
  }
  if (typeof value === "number") {
    if (schema.minimum !== undefined && value < schema.minimum) return fault(`is ${value}, less than ${schema.minimum}`);
    if (schema.maximum !== undefined && value > schema.maximum) return fault(`is ${value}, more than ${schema.maximum}`);
  }
  if (Array.isArray(value)) return checkItems(schema, value, at, defs);
  if (typeof value === "object" && value !== null) return checkFields(schema, value as Record<string, unknown>, at, defs);
  return null;
}

const resolved = (schema: Schema, defs: Record<string, Schema>): Schema =>
  schema.$ref === undefined ? schema : defs[schema.$ref.slice("#/$defs/".length)];

function checkItems(schema: Schema, value: unknown[], at: string, defs: Record<string, Schema>): Fault | null {
  const { minItems = 0, maxItems = Infinity, prefixItems = [], items } = schema;
  if (value.length < minItems || value.length > maxItems) {
    return { field: at || "document", what: `has ${value.length} entries, not ${minItems === maxItems ? minItems : `${minItems} to ${maxItems}`}` };
  }
  for (let i = 0; i < value.length; i++) {
    const part = prefixItems[i] ?? items;
    const found = part === undefined ? null : check(part, value[i], `${at}[${i}]`, defs);
    if (found) return found;
  }
  return null;
}

function checkFields(schema: Schema, value: Record<string, unknown>, at: string, defs: Record<string, Schema>): Fault | null {
  const { properties = {}, required = [], additionalProperties: others } = schema;
  const within = (name: string) => (at === "" ? name : `${at}.${name}`);
  for (const name of required) if (!(name in value)) return { field: within(name), what: "is missing" };
  for (const [name, part] of Object.entries(properties)) {
    if (!(name in value)) {
      if ("default" in part) value[name] = structuredClone(part.default);
      else if (resolved(part, defs).type === "object") value[name] = {}; // its own fields have defaults, or are told to be missing
      if (!(name in value)) continue;
    }
    const found = check(part, value[name], within(name), defs);
    if (found) return found;
  }
  for (const name of Object.keys(value)) {
    if (name in properties) continue;
    if (others === false) return { field: within(name), what: "is no field of this schema" };
    const found = typeof others === "object" ? check(others, value[name], within(name), defs) : null;
    if (found) return found;
  }
  return null;
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case "null": return value === null;
    case "array": return Array.isArray(value);
    case "object": return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer": return Number.isInteger(value);
    default: return typeof value === type;
  }
}

const article = (type: string) => (type === "null" ? "null" : `${/^[aio]/.test(type) ? "an" : "a"} ${type}`);

/** A value in a message: short. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
