// Words to and from little-endian bytes, on a machine of either byte order.

const LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** @type {(bytes: Uint8Array) => Uint8Array} */
function swapWords(bytes) {
  for (let i = 0; i < bytes.length; i += 4) bytes.subarray(i, i + 4).reverse();
  return bytes;
}

/**
 * @param {Uint32Array} words is used up
 * @returns {Uint8Array}
 */
export function toLittleEndian(words) {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  return LITTLE ? bytes : swapWords(bytes);
}

/**
 * @param {Uint8Array} bytes
 * @returns {ArrayBuffer} a copy, in the order of this machine
 */
export function fromLittleEndian(bytes) {
  const copy = new Uint8Array(bytes.length); // not slice(): a Buffer of Node would share its memory
  copy.set(bytes);
  if (!LITTLE) swapWords(copy);
  return copy.buffer;
}
