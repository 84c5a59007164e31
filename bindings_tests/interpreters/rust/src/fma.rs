//! `fma` for f32, exact on every platform: f64 arithmetic only, no library call, no instruction beyond + and *.
//!
//! The product of two f32 is exact in f64 (48 bits, exponents far inside the range). Its sum with the addend is
//! rounded to odd, so that the second rounding, to f32, is the only one that counts (Boldo and Melquiond, "Emulation of
//! a FMA and correctly rounded sums: proved algorithms using rounding to odd", IEEE Trans. Computers 57(4), 2008).

/// x*y + z with one rounding.
pub fn fma(x: f32, y: f32, z: f32) -> f32 {
    let product = f64::from(x) * f64::from(y);
    let sum = product + f64::from(z);
    if may_round_twice(sum) {
        round_sum(product, f64::from(z))
    } else {
        sum as f32
    }
}

/// acc[j] = x*y[j] + acc[j] for all lanes. The plain f64 sum serves nearly always; a step with a doubtful lane is repeated.
pub fn fma_lanes<const LANES: usize>(x: f64, y: &[f32; LANES], acc: &mut [f32; LANES]) {
    let mut next = [0.0; LANES];
    let mut doubtful = false;
    for j in 0..LANES {
        let sum = x * f64::from(y[j]) + f64::from(acc[j]);
        doubtful |= may_round_twice(sum);
        next[j] = sum as f32;
    }
    if doubtful {
        for j in 0..LANES {
            next[j] = round_sum(x * f64::from(y[j]), f64::from(acc[j]));
        }
    }
    *acc = next;
}

/// The f32 nearest to the exact sum of two f64, ties to even. The exact sum must be 0 or at least 2^-900 in magnitude.
pub fn round_sum(a: f64, b: f64) -> f32 {
    let (sum, error) = two_sum(a, b);
    // With infinities the error is NaN, and the sum is right as it is.
    let exact = error == 0.0 || error.is_nan();
    let bits = sum.to_bits();
    if exact || bits & 1 == 1 {
        return sum as f32;
    }
    // The odd one of the two neighbours of the exact sum: a step away from zero, or towards it.
    let outwards = (error > 0.0) == (sum > 0.0);
    f64::from_bits(if outwards { bits + 1 } else { bits - 1 }) as f32
}

/// a + b = sum + error exactly, sum the nearest f64 (Knuth, TAOCP 2, 4.2.2).
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// Whether rounding this f64 to f32 can differ from rounding the exact sum that it came from. Rounding is monotonic,
/// so that takes an f64 exactly between two f32: the 29 bits that go are 1000…, or the f32 is subnormal, where more bits go.
fn may_round_twice(sum: f64) -> bool {
    const TINY: f64 = f32::MIN_POSITIVE as f64;
    let tie = sum.to_bits() as u32 & 0x1fff_ffff == 0x1000_0000;
    tie | (sum.abs() < TINY && sum != 0.0)
}
