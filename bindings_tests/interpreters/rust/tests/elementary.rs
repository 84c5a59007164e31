//! The elementary functions against series in fixed-point arithmetic: special values, a sample of all inputs, the inputs
//! whose results come nearest to the middle of two f32. `examples/exhaustive` has all inputs.

mod big;

use big::Fixed;
use paragon_reference::elementary;
use paragon_reference::random::draws;

type Function = fn(f32) -> f32;

fn fixed(x: f32) -> Fixed {
    Fixed::exactly(f64::from(x))
}

/// Compares at each argument between `low` and `high` in magnitude; the results there are not zero.
fn check(name: &str, function: Function, oracle: impl Fn(Fixed) -> Fixed, words: impl Iterator<Item = u32>) {
    for x in words.map(f32::from_bits) {
        let (wanted, certain) = oracle(fixed(x)).round();
        assert!(certain, "the oracle of {name}({x:e}) is in doubt");
        let found = function(x);
        assert_eq!(found.to_bits(), wanted.to_bits(), "{name}({x:e}), word {:08x}", x.to_bits());
    }
}

/// Words of both signs, or of one, spread over all magnitudes from `low` to `high`.
fn spread(stream: u32, low: f32, high: f32, signs: bool) -> impl Iterator<Item = u32> {
    let (low, count) = (low.to_bits(), u64::from(high.to_bits() - low.to_bits()) + 1);
    let place = move |word: u32| low + ((u64::from(word) * count) >> 32) as u32;
    draws([7, 8], stream, 0).map(move |word| place(word) | if signs { word << 31 } else { 0 }).take(400)
}

const TINIEST: f32 = f32::from_bits(1);

#[test]
fn exp() {
    let hard = HARD[0].into_iter();
    check(
        "exp",
        elementary::exp,
        big::exp,
        spread(0, TINIEST, 88.8, true).chain(spread(1, 1e-8, 88.8, true)).chain(hard),
    );
    check("exp", elementary::exp, big::exp, spread(2, 86.0, 104.5, true).filter(|word| word >> 31 == 1));
    let ends = [0x42b1_7217, 0x42b1_7218, 0xc2ae_ac50, 0xc2ae_ac4f, 0xc2cf_f1b4, 0xc2cf_f1b5];
    check("exp", elementary::exp, big::exp, ends.into_iter());
    assert_eq!([89.0, 1e30, f32::INFINITY].map(elementary::exp), [f32::INFINITY; 3]);
    assert_eq!([-104.0, -1e30, f32::NEG_INFINITY].map(|x| elementary::exp(x).to_bits()), [0; 3]);
    assert_eq!([0.0, -0.0].map(elementary::exp), [1.0; 2]);
    assert!(elementary::exp(f32::NAN).is_nan());
}

#[test]
fn expm1() {
    let oracle = |x| big::exp(x) - big::one();
    let words = spread(3, TINIEST, 88.8, true).chain(spread(4, 1e-8, 18.0, true)).chain(HARD[1]);
    check("expm1", elementary::expm1, oracle, words);
    assert_eq!([-18.0, -1e30, f32::NEG_INFINITY].map(elementary::expm1), [-1.0; 3]);
    assert_eq!([89.0, f32::INFINITY].map(elementary::expm1), [f32::INFINITY; 2]);
    assert_eq!([0.0, -0.0].map(|x| elementary::expm1(x).to_bits()), [0, 0x8000_0000]);
    assert!(elementary::expm1(f32::NAN).is_nan());
}

#[test]
fn log() {
    // The naive f64 logarithm is wrong for the first five.
    let hard = [0x3c41_3d3a, 0x4117_8feb, 0x4c5d_65a5, 0x65d8_90d3, 0x6f31_a8ec].into_iter().chain(HARD[2]);
    let words = spread(5, TINIEST, f32::MAX, false).chain(spread(6, 0.99, 1.01, false)).chain(hard);
    check("log", elementary::log, big::log, words.filter(|&word| word != 0x3f80_0000));
    assert_eq!(elementary::log(1.0).to_bits(), 0);
    assert_eq!([0.0, -0.0].map(elementary::log), [f32::NEG_INFINITY; 2]);
    assert_eq!(elementary::log(f32::INFINITY), f32::INFINITY);
    assert!([-TINIEST, -1.0, f32::NEG_INFINITY, f32::NAN].iter().all(|&x| elementary::log(x).is_nan()));
}

#[test]
fn log1p() {
    let oracle = |x| big::log(big::one() + x);
    let words = spread(7, TINIEST, f32::MAX, false).chain(spread(8, TINIEST, 0.999_999_94, true)).chain(HARD[3]);
    check("log1p", elementary::log1p, oracle, words.chain(spread(9, 1e-8, 10.0, false)));
    assert_eq!([0.0, -0.0].map(|x| elementary::log1p(x).to_bits()), [0, 0x8000_0000]);
    assert_eq!(elementary::log1p(-1.0), f32::NEG_INFINITY);
    assert_eq!(elementary::log1p(f32::INFINITY), f32::INFINITY);
    assert!([-1.000_000_1, f32::NEG_INFINITY, f32::NAN].iter().all(|&x| elementary::log1p(x).is_nan()));
}

#[test]
fn tanh() {
    let words = spread(10, TINIEST, 10.5, true).chain(spread(11, 1e-5, 10.5, true)).chain(HARD[4]);
    check("tanh", elementary::tanh, big::tanh, words);
    assert_eq!([10.0, 1e30, f32::INFINITY, -10.0].map(elementary::tanh), [1.0, 1.0, 1.0, -1.0]);
    assert_eq!([0.0, -0.0].map(|x| elementary::tanh(x).to_bits()), [0, 0x8000_0000]);
    assert!(elementary::tanh(f32::NAN).is_nan());
}

#[test]
fn erf() {
    let words = spread(12, TINIEST, 4.5, true).chain(spread(13, 1e-5, 4.5, true)).chain(HARD[5]);
    check("erf", elementary::erf, big::erf, words);
    assert_eq!([4.0, 1e30, f32::INFINITY, -4.0].map(elementary::erf), [1.0, 1.0, 1.0, -1.0]);
    assert_eq!([0.0, -0.0].map(|x| elementary::erf(x).to_bits()), [0, 0x8000_0000]);
    assert!(elementary::erf(f32::NAN).is_nan());
}

#[test]
fn sinpi() {
    let words = spread(14, TINIEST, 8_388_607.5, false).chain(spread(15, 1e-3, 8.0, false)).chain(HARD[6]);
    let is_integer = |word: &u32| f32::from_bits(*word).fract() == 0.0;
    check("sinpi", elementary::sinpi, big::sinpi, words.filter(|word| !is_integer(word)));
    let odd = |x: f32| assert_eq!(elementary::sinpi(-x).to_bits(), elementary::sinpi(x).to_bits() ^ 0x8000_0000);
    [0.0, 0.25, 0.3, 0.5, 1.0, 1.25, 2.0, 1e9, f32::MAX].into_iter().for_each(odd);
    assert!([0.0, 1.0, 2.0, 3.0, 16_777_216.0, 1e30].iter().all(|&x| elementary::sinpi(x).to_bits() == 0));
    assert_eq!([0.5, 1.5, 2.5, 8_388_607.5].map(elementary::sinpi), [1.0, -1.0, 1.0, -1.0]);
    assert!([f32::INFINITY, f32::NEG_INFINITY, f32::NAN].iter().all(|&x| elementary::sinpi(x).is_nan()));
}

#[test]
fn cospi() {
    let words = spread(16, TINIEST, 8_388_607.5, false).chain(spread(17, 1e-3, 8.0, false)).chain(HARD[7]);
    let is_half = |word: &u32| f32::from_bits(*word).fract().abs() == 0.5;
    check("cospi", elementary::cospi, big::cospi, words.filter(|word| !is_half(word)));
    let even = |x: f32| assert_eq!(elementary::cospi(-x).to_bits(), elementary::cospi(x).to_bits());
    [0.0, 0.25, 0.3, 0.5, 1.0, 1.25, 2.0, 1e9, f32::MAX].into_iter().for_each(even);
    assert!([0.5, 1.5, 2.5, 8_388_607.5].iter().all(|&x| elementary::cospi(x).to_bits() == 0));
    assert_eq!([0.0, 1.0, 2.0, 8_388_609.0, 1e30].map(elementary::cospi), [1.0, -1.0, 1.0, -1.0, 1.0]);
    assert!([f32::INFINITY, f32::NEG_INFINITY, f32::NAN].iter().all(|&x| elementary::cospi(x).is_nan()));
}

/// For each function, the arguments whose results lie nearest to the middle of two f32 (found by `search_hard.py`, beside
/// the vectors).
const HARD: [[u32; 8]; 8] = [
    [0xc169_12cd, 0xbbf0_edf1, 0x377e_ff81, 0xbae0_e25c, 0xb300_0000, 0x39c6_be5b, 0x38e6_9cc1, 0x383a_3ef1],
    [0x3dc2_52dd, 0x3a25_4e7a, 0x34ca_62c1, 0xb675_cbfc, 0x33b5_04f3, 0xbb7b_3b6c, 0x3632_2b1b, 0xb380_0000],
    [0x65d8_90d3, 0x4c5d_65a5, 0x4d60_4ebe, 0x4117_8feb, 0x1f11_6ab8, 0x66a8_c860, 0x3c41_3d3a, 0x6f31_a8ec],
    [0x3540_0003, 0xb53f_fffd, 0x65d8_90d3, 0x3efd_81ad, 0x3710_001b, 0xb70f_ffe5, 0x5518_5f82, 0x4107_8feb],
    [0x3ac3_7de2, 0x3eee_0566, 0x3cd4_1b91, 0x40ac_b4d0, 0x40c5_e8ca, 0x3d7c_3055, 0x3c96_ae2e, 0x40a6_ef82],
    [0x3940_ead6, 0x39c0_057d, 0x358e_9d2d, 0x36ae_a466, 0x2baa_320c, 0x3b25_a39d, 0x3f04_3a75, 0x37ee_85c4],
    [0x3dfd_7f58, 0x34e5_4db5, 0x386a_caf6, 0x3cee_b990, 0x385a_58fc, 0x3d80_c8a4, 0x3616_52f2, 0x364d_79e0],
    [0x3ec0_a02a, 0x3987_21a7, 0x3ef1_1467, 0x3edf_cdd7, 0x390d_23e4, 0x3b25_bca6, 0x3c62_5b7c, 0x3db3_021a],
];
