// Philox4x32-10 (Salmon et al., SC 2011).

fn philox(counter: vec4<u32>, seed: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = seed;
  for (var round = 0; round < 10; round++) {
    let p = multiply_wide(c.x, 0xd2511f53u);
    let q = multiply_wide(c.z, 0xcd9e8d57u);
    c = vec4<u32>(q.y ^ c.y ^ k.x, q.x, p.y ^ c.w ^ k.y, p.x);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// Draw i of an array of n elements at a step (docs/contract.md, section 5): word i mod 4 of block step * ceil(n/4) + i div 4.
fn random_word(seed: vec2<u32>, step: u32, stream: u32, blocks: u32, i: u32) -> u32 {
  let first = multiply_wide(step, blocks);
  let low = first.x + (i >> 2u);
  let c = philox(vec4<u32>(low, first.y + u32(low < first.x), stream, 0u), seed);
  let pair = select(c.xy, c.zw, (i & 2u) != 0u);
  return select(pair.x, pair.y, (i & 1u) != 0u);
}
