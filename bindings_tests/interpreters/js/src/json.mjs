// Strict JSON (RFC 8259), for files from strangers (docs/files.md, section 1): a name twice in one object is an error, where
// JSON.parse keeps the last and another reader the first; so are lone surrogates, deep nesting and numbers beyond binary64. Objects
// have no prototype, and only what is written as an integer is a number.

const MAX_DEPTH = 64; // of the arrays and objects that are open at one place
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const INTEGER = /^(?:0|[1-9][0-9]*)$/;
const LONE_SURROGATE = /\p{Cs}/u;
const BLANK = /[ \t\n\r]*/y;
const LITERALS = new Map(/** @type {[string, Json][]} */ ([["true", true], ["false", false], ["null", null]]));

/** @typedef {unknown} Json null, a boolean, an integer, a Real, a string, a list, or an object without prototype */

/** A number with a sign, a fraction or an exponent, or beyond 2^53-1: of no use where files have integers. */
export class Real {
  /** @param {string} text as it is written */
  constructor(text) {
    this.text = text;
  }

  toJSON() {
    return Number(this.text);
  }
}

/** @type {(value: unknown) => value is {[key: string]: unknown}} */
export const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Real);

/** @type {(value: Json) => string} a value in a message */
export const show = (value) => (value instanceof Real ? value.text : JSON.stringify(value));

/**
 * @param {string} text
 * @returns {Json}
 * @throws {Error} naming the position
 */
export function parseJson(text) {
  let at = 0;

  /** @type {(what: string) => never} */
  const fail = (what) => {
    throw new Error(`JSON: ${what} at character ${at}`);
  };

  /** @type {(pattern: RegExp) => string | undefined} */
  const match = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };

  /** @type {(symbol: string) => boolean} */
  const take = (symbol) => {
    match(BLANK);
    if (!text.startsWith(symbol, at)) return false;
    at += symbol.length;
    return true;
  };

  /** @returns {string} */
  const string = () => {
    match(BLANK);
    if (text[at] !== '"') fail("a string is expected");
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    let result;
    try {
      result = JSON.parse(text.slice(at, end + 1));
    } catch {
      return fail("a string with a bad escape, a control character or no end");
    }
    if (LONE_SURROGATE.test(result)) fail("a string with half a surrogate pair");
    at = end + 1;
    return result;
  };

  /** @type {() => Json} */
  const number = () => {
    const digits = match(NUMBER) ?? fail("a value is expected");
    const rounded = Number(digits);
    if (!Number.isFinite(rounded)) fail("a number beyond binary64");
    return INTEGER.test(digits) && Number.isSafeInteger(rounded) ? rounded : new Real(digits);
  };

  /** @type {(depth: number) => Json} a value inside of that many arrays and objects */
  const value = (depth) => {
    match(BLANK);
    if (depth === MAX_DEPTH && (text[at] === "{" || text[at] === "[")) fail(`more than ${MAX_DEPTH} levels`);
    if (take("{")) return object(depth + 1);
    if (take("[")) return array(depth + 1);
    if (text[at] === '"') return string();
    for (const [word, literal] of LITERALS) if (take(word)) return literal;
    return number();
  };

  /** @type {(depth: number) => Json[]} */
  const array = (depth) => {
    /** @type {Json[]} */
    const items = [];
    if (take("]")) return items;
    do items.push(value(depth));
    while (take(","));
    if (!take("]")) fail("',' or ']' is expected");
    return items;
  };

  /** @type {(depth: number) => {[key: string]: Json}} */
  const object = (depth) => {
    const members = Object.create(null);
    if (take("}")) return members;
    do {
      const key = string();
      if (key in members) fail(`the name ${JSON.stringify(key)} stands twice in an object`);
      if (!take(":")) fail("':' is expected");
      members[key] = value(depth);
    } while (take(","));
    if (!take("}")) fail("',' or '}' is expected");
    return members;
  };

  const result = value(0);
  match(BLANK);
  if (at !== text.length) fail("more text than one value");
  return result;
}
