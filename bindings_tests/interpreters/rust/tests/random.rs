//! Random numbers against the known answers of the Random123 library (kat_vectors), and the contract spelled out.

use paragon_reference::random::{bits, draws, permutation, philox};

#[test]
fn philox_known_answers() {
    assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    let counter = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
    assert_eq!(philox(counter, [0xa409_3822, 0x299f_31d0]), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
}

#[test]
fn draws_follow_the_counter() {
    let seed = [11, 22];
    let words: Vec<u32> = draws(seed, 33, u64::from(u32::MAX)).take(9).collect();
    assert_eq!(words[..4], philox([u32::MAX, 0, 33, 0], seed));
    assert_eq!(words[4..8], philox([0, 1, 33, 0], seed));
    assert_eq!(words[8], philox([1, 1, 33, 0], seed)[0]);
    // The block number wraps.
    let words: Vec<u32> = draws(seed, 0, u64::MAX).take(5).collect();
    assert_eq!(words[4], philox([0; 4], seed)[0]);
}

#[test]
fn bits_of_a_step() {
    // Five elements take two blocks a step.
    let words = bits([1, 2], 3, 4, 32, 5);
    let block = |low| philox([low, 0, 4, 0], [1, 2]);
    assert_eq!(words, [&block(6)[..], &block(7)[..1]].concat());
    let narrow = bits([1, 2], 3, 4, 5, 5);
    assert!(words.iter().zip(&narrow).all(|(word, narrow)| word >> 27 == *narrow));
}

#[test]
fn permutations() {
    for n in [0, 1, 2, 3, 10, 257] {
        let order = permutation([5, 6], 1 << 31, n);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..n));
        // The contract's loop, word for word.
        let words: Vec<u32> = draws([5, 6], 1 << 31, 0).take(n as usize).collect();
        let mut a: Vec<u32> = (0..n).collect();
        let mut next = words.iter();
        let mut i = n.saturating_sub(1) as usize;
        while i >= 1 {
            let word = u64::from(*next.next().expect("a draw"));
            a.swap(i, ((word * (i as u64 + 1)) >> 32) as usize);
            i -= 1;
        }
        assert_eq!(order, a);
    }
    assert_ne!(permutation([5, 6], 0, 100), permutation([5, 6], 1, 100));
    assert_ne!(permutation([5, 6], 0, 100), permutation([5, 7], 0, 100));
}
