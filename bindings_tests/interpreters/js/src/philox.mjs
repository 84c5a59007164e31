// Philox4x32-10 (J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), and what is drawn from it.

/**
 * The upper 32 bits of the product of two u32.
 * @param {number} a
 * @param {number} b
 * @returns {number} u32
 */
export function mulHigh(a, b) {
  const ah = a >>> 16;
  const al = a & 0xffff;
  const bh = b >>> 16;
  const bl = b & 0xffff;
  const low = al * bl;
  const middle = ah * bl + (low >>> 16); // below 2^32
  const cross = al * bh + (middle & 0xffff); // below 2^32
  return (ah * bh + (middle >>> 16) + (cross >>> 16)) >>> 0;
}

/**
 * One block of four words.
 * @param {Uint32Array} out four words
 * @param {number} key0 low word of the seed
 * @param {number} key1 high word
 * @param {number} c0 counter, low word first
 * @param {number} c1
 * @param {number} c2
 * @param {number} c3
 */
export function philox(out, key0, key1, c0, c1, c2, c3) {
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = mulHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ key0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ key1) >>> 0;
    c3 = low0 >>> 0;
    key0 = (key0 + 0x9e3779b9) >>> 0;
    key1 = (key1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * `count` words of a stream, from block `low + 2^32 high` on; block numbers wrap at 2^64.
 * @param {ArrayLike<number>} seed two u32, low word first
 * @param {number} stream u32
 * @param {number} count
 * @param {number} [low]
 * @param {number} [high]
 * @returns {Uint32Array}
 */
export function words(seed, stream, count, low = 0, high = 0) {
  const out = new Uint32Array(count);
  const block = new Uint32Array(4);
  for (let i = 0; i < count; i += 4) {
    philox(block, seed[0], seed[1], low, high, stream, 0);
    for (let j = 0; j < 4 && i + j < count; j++) out[i + j] = block[j];
    low = (low + 1) >>> 0;
    if (low === 0) high = (high + 1) >>> 0;
  }
  return out;
}

/**
 * The operation `bits`: `count` words at a step, the top `width` bits of each.
 * @param {ArrayLike<number>} seed two u32, low word first
 * @param {number} step u32
 * @param {number} stream u32
 * @param {number} count
 * @param {number} width 1 … 32
 * @returns {Uint32Array}
 */
export function bits(seed, step, stream, count, width) {
  const blocks = Math.ceil(count / 4);
  const out = words(seed, stream, count, Math.imul(step, blocks) >>> 0, mulHigh(step, blocks));
  for (let i = 0; i < count; i++) out[i] >>>= 32 - width;
  return out;
}

/**
 * A permutation of 0 … n-1, from draws 0, 1, 2, … of a stream.
 * @param {number} n
 * @param {ArrayLike<number>} seed two u32, low word first
 * @param {number} stream u32
 * @returns {Uint32Array}
 */
export function permutation(n, seed, stream) {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const draws = words(seed, stream, Math.max(n - 1, 0));
  for (let i = n - 1, draw = 0; i >= 1; i--, draw++) {
    const j = mulHigh(draws[draw], i + 1);
    const moved = order[i];
    order[i] = order[j];
    order[j] = moved;
  }
  return order;
}
