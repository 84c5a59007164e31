//! The elementary functions, correctly rounded for every f32.
//!
//! Each function is one formula, written for any kind of real number. It is evaluated in f64 first; if the error bound
//! leaves open which f32 is nearest (about once in 2^17), again in double-double (Ziv, "Fast evaluation of elementary
//! mathematical functions with correctly rounded last bit", 1991). No f32 has a result so close to a midpoint of two f32
//! that the second evaluation is in doubt: `examples/exhaustive` can run through all.

use crate::double_double::DoubleDouble;
use crate::fma::round_sum;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// ln 2 in parts of 44, 44 and 53 bits: the products of the first two with an integer of 9 bits are exact.
const LN_2: [f64; 3] = bits([0x3fe6_2e42_fefa_3800, 0x3d2e_f357_93c7_6600, 0x3a63_007e_5ed5_e81e]);
/// pi, each part the f64 nearest to what is left.
const PI: [f64; 3] = bits([0x4009_21fb_5444_2d18, 0x3ca1_a626_3314_5c07, 0xb92f_1976_b7ed_8fbc]);
/// 2/sqrt(pi), likewise.
const TWO_OVER_SQRT_PI: [f64; 3] = bits([0x3ff2_0dd7_5042_9b6d, 0x3c71_ae3a_914f_ed80, 0xb903_cbbe_bf65_f145]);

const fn bits(words: [u64; 3]) -> [f64; 3] {
    [f64::from_bits(words[0]), f64::from_bits(words[1]), f64::from_bits(words[2])]
}

/// What the formulas need of a real number.
trait Real:
    Copy
    + From<f64>
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// A series ends with a term that is a smaller share of the sum than this.
    const NEGLIGIBLE: f64;
    /// A bound of the relative error of every formula below; the largest seen is 16 times smaller at least.
    const ERROR: f64;

    /// The number as an unevaluated sum, the larger part first.
    fn parts(self) -> (f64, f64);

    fn head(self) -> f64 {
        self.parts().0
    }

    /// The sum of the parts, the largest first, times `factor`.
    fn multiple(parts: [f64; 3], factor: f64) -> Self {
        let [first, second, third] = parts.map(|part| Self::from(part) * Self::from(factor));
        third + second + first
    }

    /// The nearest f32, unless the error bound leaves it open.
    fn rounded(self) -> Option<f32> {
        let (head, tail) = self.parts();
        let slack = head.abs() * Self::ERROR;
        let (low, high) = (round_sum(head, tail - slack), round_sum(head, tail + slack));
        (low.to_bits() == high.to_bits()).then_some(low)
    }
}

impl Real for f64 {
    const NEGLIGIBLE: f64 = power_of_two(-56);
    const ERROR: f64 = power_of_two(-42);
    fn parts(self) -> (f64, f64) {
        (self, 0.0)
    }
}

impl Real for DoubleDouble {
    const NEGLIGIBLE: f64 = power_of_two(-108);
    const ERROR: f64 = power_of_two(-90);
    fn parts(self) -> (f64, f64) {
        (self.head, self.tail)
    }
}

const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

/// The nearest f32 to a value given in both precisions.
fn nearest(quick: f64, accurate: impl FnOnce() -> DoubleDouble) -> f32 {
    quick
        .rounded()
        .or_else(|| accurate().rounded())
        .expect("a double-double decides the rounding of every f32 argument")
}

/// e^x, NaN for NaN.
pub fn exp(x: f32) -> f32 {
    match f64::from(x) {
        _ if x.is_nan() => f32::NAN,
        a if a >= 89.0 => f32::INFINITY, // e^89 > 2^128
        a if a <= -104.0 => 0.0,         // e^-104 < 2^-150
        a => nearest(exp_of(a), || exp_of(a)),
    }
}

/// e^x - 1.
pub fn expm1(x: f32) -> f32 {
    match f64::from(x) {
        _ if x.is_nan() => f32::NAN,
        a if a >= 89.0 => f32::INFINITY,
        a if a <= -18.0 => -1.0, // e^-18 < 2^-25
        0.0 => x,
        a => nearest(expm1_of(a), || expm1_of(a)),
    }
}

/// The natural logarithm.
pub fn log(x: f32) -> f32 {
    if x.is_nan() || x < 0.0 {
        f32::NAN
    } else if x == 0.0 {
        f32::NEG_INFINITY
    } else if x == f32::INFINITY {
        x
    } else {
        let a = f64::from(x);
        let k = exponent(a);
        let t = a * power_of_two(-k) - 1.0;
        nearest(log_of(t, k), || log_of(t.into(), k))
    }
}

/// log(1 + x).
pub fn log1p(x: f32) -> f32 {
    if x.is_nan() || x < -1.0 {
        f32::NAN
    } else if x == -1.0 {
        f32::NEG_INFINITY
    } else if x == f32::INFINITY || x == 0.0 {
        x
    } else {
        let a = f64::from(x);
        nearest(log1p_of(a), || log1p_of(a))
    }
}

/// The hyperbolic tangent.
pub fn tanh(x: f32) -> f32 {
    match f64::from(x.abs()) {
        _ if x.is_nan() => f32::NAN,
        0.0 => x,
        a if a >= 10.0 => 1f32.copysign(x), // 1 - tanh(10) < 2^-25
        a => nearest(tanh_of(a), || tanh_of(a)).copysign(x),
    }
}

/// The error function.
pub fn erf(x: f32) -> f32 {
    match f64::from(x.abs()) {
        _ if x.is_nan() => f32::NAN,
        0.0 => x,
        a if a >= 4.0 => 1f32.copysign(x), // 1 - erf(4) < 2^-25
        a => nearest(erf_of(a), || erf_of(a)).copysign(x),
    }
}

/// sin(pi x). Zeros have the sign of x.
pub fn sinpi(x: f32) -> f32 {
    if x.is_sign_negative() {
        -sine_of_quarters(x.abs(), 0)
    } else {
        sine_of_quarters(x, 0)
    }
}

/// cos(pi x). Zeros are +0.
pub fn cospi(x: f32) -> f32 {
    sine_of_quarters(x.abs(), 1)
}

/// sin(pi (x + quarters/2)) for x >= 0. Zeros are +0.
fn sine_of_quarters(x: f32, quarters: i64) -> f32 {
    if !x.is_finite() {
        return f32::NAN;
    }
    // From 2^24 on every f32 is an even integer, which is as good as 0.
    let a = if x < 16_777_216.0 { f64::from(x) } else { 0.0 };
    let n = (2.0 * a + 0.5) as i64;
    let r = a - n as f64 / 2.0; // exact, |r| <= 1/4
    let n = n + quarters;
    let magnitude = match (n % 2, r == 0.0) {
        (0, true) => return 0.0,
        (0, false) => nearest(sin_pi_of(r), || sin_pi_of(r)),
        _ => nearest(cos_pi_of(r), || cos_pi_of(r)),
    };
    if n & 2 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// first + first*ratio(1) + first*ratio(1)*ratio(2) + …, as far as it matters. The ratios fall below 1/2 in magnitude
/// before the terms become negligible, so what is left out is less than the last term.
fn series<R: Real>(first: R, ratio: impl Fn(f64) -> R) -> R {
    let (mut term, mut sum, mut n) = (first, first, 1.0);
    while term.head().abs() > R::NEGLIGIBLE * sum.head().abs() {
        term = term * ratio(n);
        sum = sum + term;
        n += 1.0;
    }
    sum
}

/// e^r - 1 and k, where a = k ln 2 + r and |r| <= 0.35. |a| is below 2^8, and its lowest bit is 2^-48 at least where k
/// is not 0: so a - k*LN_2[0] is exact.
fn expm1_reduced<R: Real>(a: f64) -> (R, i32) {
    let quotient = a * std::f64::consts::LOG2_E;
    let k = (quotient + 0.5f64.copysign(quotient)) as i32;
    let [first, second, third] = LN_2.map(|part| f64::from(k) * part);
    let r = R::from(a - first) - R::from(second) - R::from(third);
    (series(r, |n| r / R::from(n + 1.0)), k)
}

fn exp_of<R: Real>(a: f64) -> R {
    let (small, k) = expm1_reduced::<R>(a);
    (small + R::from(1.0)) * R::from(power_of_two(k))
}

/// Nothing cancels: where k is not 0, e^a is below 0.71 or above 1.41.
fn expm1_of<R: Real>(a: f64) -> R {
    let (small, k) = expm1_reduced::<R>(a);
    if k == 0 {
        small
    } else {
        (small + R::from(1.0)) * R::from(power_of_two(k)) - R::from(1.0)
    }
}

fn tanh_of<R: Real>(a: f64) -> R {
    let e = expm1_of::<R>(2.0 * a);
    e / (e + R::from(2.0))
}

/// k such that a * 2^-k lies between sqrt(1/2) and sqrt(2).
fn exponent(a: f64) -> i32 {
    ((a.to_bits() as i64 - std::f64::consts::FRAC_1_SQRT_2.to_bits() as i64) >> 52) as i32
}

/// log((1 + t) 2^k) = 2 artanh(s) + k ln 2, where s = t/(2 + t) and |s| < 0.172.
fn log_of<R: Real>(t: R, k: i32) -> R {
    let s = t / (t + R::from(2.0));
    let square = s * s;
    let artanh = series(s, |n| square * R::from(2.0 * n - 1.0) / R::from(2.0 * n + 1.0));
    artanh + artanh + R::multiple(LN_2, f64::from(k))
}

fn log1p_of<R: Real>(a: f64) -> R {
    let k = exponent(1.0 + a);
    if k == 0 {
        log_of(R::from(a), 0)
    } else {
        let scale = power_of_two(-k);
        log_of(R::from(a * scale) + R::from(scale) - R::from(1.0), k)
    }
}

/// erf(a) = 2/sqrt(pi) e^(-a^2) (a + (2a^2) a/3 + (2a^2)^2 a/15 + …), all terms positive (Abramowitz and Stegun, 7.1.6).
fn erf_of<R: Real>(a: f64) -> R {
    let square = a * a; // exact: 48 bits
    let sum = series(R::from(a), |n| R::from(2.0 * square) / R::from(2.0 * n + 1.0));
    sum * exp_of::<R>(-square) * R::multiple(TWO_OVER_SQRT_PI, 1.0)
}

fn sin_pi_of<R: Real>(r: f64) -> R {
    sin_of(R::multiple(PI, r))
}

fn cos_pi_of<R: Real>(r: f64) -> R {
    cos_of(R::multiple(PI, r))
}

fn sin_of<R: Real>(y: R) -> R {
    let square = y * y;
    series(y, |n| -square / R::from((2.0 * n) * (2.0 * n + 1.0)))
}

fn cos_of<R: Real>(y: R) -> R {
    let square = y * y;
    series(R::from(1.0), |n| -square / R::from((2.0 * n - 1.0) * (2.0 * n)))
}

/// The cosine and the sine of pi x, for 0 <= x <= 1/4, with a relative error below 2^-90.
pub(crate) fn cos_sin_pi(x: DoubleDouble) -> (DoubleDouble, DoubleDouble) {
    let y = DoubleDouble::multiple(PI, 1.0) * x;
    (cos_of(y), sin_of(y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::big::{self, Fixed};
    use crate::random::draws;

    /// Both evaluations at arguments spread over magnitudes low … high: their errors must be far below the bounds.
    fn check(stream: u32, [low, high]: [f32; 2], signs: bool, formula: impl Fn(f32) -> (f64, DoubleDouble, Fixed)) {
        let (low, count) = (low.to_bits(), u64::from(high.to_bits() - low.to_bits()));
        for word in draws([19, 0], stream, 0).take(300) {
            let sign = if signs { word << 31 } else { 0 };
            let x = f32::from_bits((low + ((u64::from(word) * count) >> 32) as u32) | sign);
            let (quick, accurate, exact) = formula(x);
            for (head, tail, bound) in [(quick, 0.0, f64::ERROR), (accurate.head, accurate.tail, DoubleDouble::ERROR)] {
                let difference = Fixed::exactly(head) + Fixed::exactly(tail) - exact.clone();
                let error = (difference / exact.clone()).to_f64().abs();
                assert!(error <= bound / 16.0, "stream {stream}, argument {x:e}: error {error:e}, bound {bound:e}");
            }
        }
    }

    fn fixed(x: f32) -> Fixed {
        Fixed::exactly(f64::from(x))
    }

    macro_rules! both {
        ($formula:ident, $argument:expr) => {
            ($formula::<f64>($argument), $formula::<DoubleDouble>($argument))
        };
    }

    #[test]
    fn errors_are_below_the_bounds() {
        let tiny = f32::MIN_POSITIVE;
        check(0, [1e-10, 88.9], true, |x| {
            let (quick, accurate) = both!(exp_of, f64::from(x));
            (quick, accurate, big::exp(fixed(x)))
        });
        for (stream, low) in [(1, tiny), (2, 1e-3)] {
            check(stream, [low, 17.9], true, |x| {
                let (quick, accurate) = both!(expm1_of, f64::from(x));
                (quick, accurate, big::exp(fixed(x)) - big::one())
            });
            check(stream, [low, 0.999], true, |x| {
                let (quick, accurate) = both!(log1p_of, f64::from(x));
                (quick, accurate, big::log(big::one() + fixed(x)))
            });
            check(stream, [low, 9.9], true, |x| {
                let (quick, accurate) = both!(tanh_of, f64::from(x.abs()));
                (quick, accurate, big::tanh(fixed(x.abs())))
            });
            check(stream, [low, 3.99], false, |x| {
                let (quick, accurate) = both!(erf_of, f64::from(x));
                (quick, accurate, big::erf(fixed(x)))
            });
            check(stream, [low, 0.25], false, |x| {
                let (quick, accurate) = both!(sin_pi_of, f64::from(x));
                (quick, accurate, big::sinpi(fixed(x)))
            });
        }
        check(3, [0.71, 1.41], false, |x| {
            let t = f64::from(x) - 1.0;
            (log_of(t, 0), log_of(t.into(), 0), big::log(fixed(x)))
        });
        check(4, [1.0, f32::MAX], false, |x| {
            let (quick, accurate) = both!(log1p_of, f64::from(x));
            (quick, accurate, big::log(big::one() + fixed(x)))
        });
        check(5, [tiny, 0.25], false, |x| {
            let (quick, accurate) = both!(cos_pi_of, f64::from(x));
            (quick, accurate, big::cospi(fixed(x)))
        });
    }
}
