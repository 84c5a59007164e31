// Strict JSON (RFC 8259), for files from strangers: a name twice in one object is an error, where JSON.parse keeps the
// last and another reader the first; depth is limited; objects have no prototype.

const MAX_DEPTH = 64;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const BLANK = /[ \t\n\r]*/y;
const LITERALS = new Map(/** @type {[string, Json][]} */ ([["true", true], ["false", false], ["null", null]]));

/** @typedef {unknown} Json null, a boolean, a number, a string, a list, or an object without prototype */

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
    try {
      const result = JSON.parse(text.slice(at, end + 1));
      at = end + 1;
      return result;
    } catch {
      return fail("a string with a bad escape, a control character or no end");
    }
  };

  /** @type {(depth: number) => Json} */
  const value = (depth) => {
    if (depth > MAX_DEPTH) fail(`more than ${MAX_DEPTH} levels`);
    if (take("{")) return object(depth + 1);
    if (take("[")) return array(depth + 1);
    if (text[at] === '"') return string();
    for (const [word, literal] of LITERALS) if (take(word)) return literal;
    const digits = match(NUMBER) ?? fail("a value is expected");
    return Number(digits);
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
