//! `fma` against exact integer arithmetic.

mod big;

use big::Fixed;
use paragon_reference::fma::{fma, fma_lanes, round_sum};
use paragon_reference::random::draws;

/// x*y + z, exactly, then rounded once. Finite arguments only.
fn exact(x: f32, y: f32, z: f32) -> f32 {
    let product = Fixed::exactly(f64::from(x)) * Fixed::exactly(f64::from(y));
    let sum = product + Fixed::exactly(f64::from(z));
    if sum.is_zero() {
        // The sign of an exact zero is that of both terms, or + if they differ.
        return x * y + z;
    }
    sum.round().0
}

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

fn check(x: f32, y: f32, z: f32) {
    let (found, wanted) = (fma(x, y, z), exact(x, y, z));
    assert!(same(found, wanted), "fma({x:e}, {y:e}, {z:e}) = {found:e}, exactly {wanted:e}");
    let mut lanes = [0.0, 1.0, z, -1.0];
    fma_lanes(f64::from(x), &[0.0, 1.0, y, x], &mut lanes);
    assert!(same(lanes[2], wanted), "lane of fma({x:e}, {y:e}, {z:e}) = {:e}, exactly {wanted:e}", lanes[2]);
    assert!(same(lanes[3], exact(x, x, -1.0)), "the neighbour of fma({x:e}, {y:e}, {z:e})");
}

#[test]
fn edges() {
    let words: [u32; 21] = [
        0x0000_0000,
        0x0000_0001,
        0x0000_0002,
        0x0000_0003,
        0x007f_ffff,
        0x0080_0000,
        0x0080_0001,
        0x3380_0000,
        0x3400_0000,
        0x3f00_0000,
        0x3f7f_ffff,
        0x3f80_0000,
        0x3f80_0001,
        0x3f80_0003,
        0x4b00_0001,
        0x4b80_0000,
        0x1a80_0001,
        0x1a00_0000,
        0x7f00_0000,
        0x7f7f_ffff,
        0x5f80_0001,
    ];
    let values: Vec<f32> = words.iter().flat_map(|&word| [word, word | 0x8000_0000]).map(f32::from_bits).collect();
    for &x in values.iter().step_by(2) {
        for &y in &values {
            for &z in &values {
                check(x, y, z);
            }
        }
    }
}

#[test]
fn random_words() {
    let words: Vec<u32> = draws([3, 4], 0, 0).take(90_000).collect();
    for triple in words.chunks_exact(3).map(|triple| [0, 1, 2].map(|i| f32::from_bits(triple[i]))) {
        if triple.iter().all(|x| x.is_finite()) {
            check(triple[0], triple[1], triple[2]);
        }
    }
}

/// Addends near the product, near half a unit of it, and products at the edge of the subnormals.
#[test]
fn near_ties() {
    let words: Vec<u32> = draws([5, 6], 0, 0).take(80_000).collect();
    for draw in words.chunks_exact(4) {
        let short = |word: u32, exponent: i32| {
            // A few significant bits, so that products and sums fall on ties.
            let digits = (word % 4096) as f32 + if word & 0x8000 != 0 { 0.5 } else { 0.0 };
            let value = digits * 2f32.powi(exponent);
            if word & 0x1_0000 != 0 {
                -value
            } else {
                value
            }
        };
        let exponent = [-75, -70, -40, 0][(draw[3] % 4) as usize];
        let (x, y) = (short(draw[0], exponent), short(draw[1], exponent));
        let z = short(draw[2], 2 * exponent + (draw[3] >> 8) as i32 % 40 - 20);
        check(x, y, z);
        let next = f32::from_bits(z.to_bits() ^ 1);
        check(x, y, next);
        check(x, f32::from_bits(y.to_bits() | 1), z);
    }
}

/// A sum just below a tie, which f64 rounds to the tie: the second rounding then goes the wrong way.
#[test]
fn double_rounding() {
    let (x, y, z) = (1.0 + f32::EPSILON, (1.0 - f32::EPSILON) * 2f32.powi(-24), 1.0 + f32::EPSILON);
    let twice = (f64::from(x) * f64::from(y) + f64::from(z)) as f32;
    assert_eq!(twice, 1.0 + 2.0 * f32::EPSILON);
    assert_eq!(fma(x, y, z), 1.0 + f32::EPSILON);
    check(x, y, z);
    // The tie between zero and the smallest subnormal.
    let (x, y) = (2f32.powi(-75), 2f32.powi(-75));
    assert_eq!(fma(x, y, 0.0), 0.0);
    assert_eq!(fma(x + x * f32::EPSILON, y, 0.0).to_bits(), 1);
    assert_eq!(round_sum(2f64.powi(-150), 2f64.powi(-300)).to_bits(), 1);
}

/// The same among subnormals, where a tie has other bits: the product is nearly half of the smallest subnormal.
#[test]
fn double_rounding_of_subnormals() {
    let mut wrong = 0;
    for i in 1..300 {
        let step = i as f32 * f32::EPSILON;
        let (x, y) = ((1.0 + step) * 2f32.powi(-75), (1.0 - step) * 2f32.powi(-75));
        for z in [0x007f_ffff, 0x007f_fffe, 0x0040_0000 + i, 0x0000_0001, 0x0080_0000, 0x0080_0001].map(f32::from_bits)
        {
            for (x, z) in [(x, z), (-x, z), (x, -z), (-x, -z)] {
                check(x, y, z);
                let twice = (f64::from(x) * f64::from(y) + f64::from(z)) as f32;
                wrong += u32::from(twice.to_bits() != fma(x, y, z).to_bits());
            }
        }
    }
    assert!(wrong > 1000, "only {wrong} of these sums need a second look");
}

#[test]
fn infinities_and_nans() {
    let infinity = f32::INFINITY;
    assert_eq!(fma(infinity, 1.0, 1.0), infinity);
    assert_eq!(fma(infinity, -1.0, 1.0), -infinity);
    assert_eq!(fma(f32::MAX, f32::MAX, -infinity), -infinity);
    assert_eq!(fma(f32::MAX, f32::MAX, 0.0), infinity);
    for (x, y, z) in [(infinity, 0.0, 1.0), (infinity, 1.0, -infinity), (f32::NAN, 1.0, 1.0), (1.0, 1.0, f32::NAN)] {
        assert!(fma(x, y, z).is_nan());
    }
}
