//! The twiddle factors of section 7 of the contract, W(k,n) = exp(-2 pi i k/n), correctly rounded.
//!
//! k/n of a turn is reduced with integers to a fraction of at most an eighth, whose sine and cosine are evaluated in
//! double-double to 2^-90. The head is then the nearest f64 unless the exact value lies within 2^-37 of a unit from the
//! middle between two f64; f32 has a still wider margin.

use crate::double_double::DoubleDouble;
use crate::elementary::cos_sin_pi;

/// The real and the imaginary part of W(k,n), for k < n < 2^50; the head of each is the nearest f64.
pub fn twiddle(k: u64, n: u64) -> [DoubleDouble; 2] {
    let (quarter, rest) = (4 * k / n, 4 * k % n); // the angle is quarter + rest/n quarters of a turn
    let half_turns = |rest: u64| DoubleDouble::from(rest as f64) / DoubleDouble::from((2 * n) as f64);
    let (c, s) = if 2 * rest > n {
        let (s, c) = cos_sin_pi(half_turns(n - rest));
        (c, s)
    } else {
        cos_sin_pi(half_turns(rest))
    };
    match quarter {
        0 => [c, negative(s)],
        1 => [negative(s), negative(c)],
        2 => [negative(c), s],
        _ => [s, c],
    }
}

/// -x, with +0 for a zero.
fn negative(x: DoubleDouble) -> DoubleDouble {
    if x.head == 0.0 {
        x
    } else {
        -x
    }
}
