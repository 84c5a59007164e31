//! Philox4x32-10 and what the contract draws from it.
//! Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

/// A seed: low word, high word.
pub type Seed = [u32; 2];

/// Ten rounds of Philox4x32: the block of four words that belongs to a counter under a key.
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut a, mut b, mut c, mut d], [mut k0, mut k1]) = (counter, key);
    for _ in 0..10 {
        let left = u64::from(a) * 0xd251_1f53;
        let right = u64::from(c) * 0xcd9e_8d57;
        (a, b, c, d) = ((right >> 32) as u32 ^ b ^ k0, right as u32, (left >> 32) as u32 ^ d ^ k1, left as u32);
        k0 = k0.wrapping_add(0x9e37_79b9);
        k1 = k1.wrapping_add(0xbb67_ae85);
    }
    [a, b, c, d]
}

/// The words of a stream from a block on: word i mod 4 of block i div 4 is draw i.
pub fn draws(seed: Seed, stream: u32, first_block: u64) -> impl Iterator<Item = u32> {
    (0u64..).flat_map(move |i| {
        let block = first_block.wrapping_add(i);
        philox([block as u32, (block >> 32) as u32, stream, 0], seed)
    })
}

/// The operation `bits`: n words of `width` bits at a step of a run.
pub fn bits(seed: Seed, step: u32, stream: u32, width: u32, n: usize) -> Vec<u32> {
    let first_block = u64::from(step).wrapping_mul(n.div_ceil(4) as u64);
    draws(seed, stream, first_block).map(|word| word >> (32 - width)).take(n).collect()
}

/// A permutation of 0 … n-1, by the draws 0, 1, 2, … of a stream (Fisher and Yates, from the end).
pub fn permutation(seed: Seed, stream: u32, n: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n).collect();
    for (i, word) in (1..n).rev().zip(draws(seed, stream, 0)) {
        let j = (u64::from(word) * (u64::from(i) + 1)) >> 32;
        order.swap(i as usize, j as usize);
    }
    order
}
