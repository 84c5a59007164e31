//! Twiddle factors against series in fixed-point arithmetic; transforms against the sum that defines them; what a
//! transform refuses. The vectors have the words.

mod big;
mod common;

use big::Fixed;
use common::{compute, op, tensor, values};
use paragon_reference::fourier::Complex;
use paragon_reference::operations::Op;
use paragon_reference::random::draws;
use paragon_reference::tensor::{DType, Tensor, Type};
use paragon_reference::twiddle::twiddle;

/// The cosine and minus the sine of k/n of a turn, by their series.
fn exact(k: u64, n: u64) -> [Fixed; 2] {
    let half_turns = Fixed::integer(2 * k as i64).over(n as u32);
    [big::cospi(half_turns.clone()), -big::sinpi(half_turns)]
}

fn check(k: u64, n: u64) {
    let single = Complex::<f32>::w(k as usize, n as usize);
    let double = Complex::<f64>::w(k as usize, n as usize);
    let found = twiddle(k, n);
    for (part, exact) in exact(k, n).into_iter().enumerate() {
        let (wanted, certain) = exact.round();
        assert!(certain, "the oracle of W({k}, {n}) is in doubt");
        assert_eq!([single.re, single.im][part].to_bits(), wanted.to_bits(), "part {part} of W({k}, {n})");
        // The nearest f64 is the one less than half a unit away; twiddles are no ties.
        let value = [double.re, double.im][part];
        let below = f64::from_bits(value.abs().to_bits() - 1);
        let off = (Fixed::exactly(value) - exact.clone()).to_f64().abs();
        assert!(off < (value.abs() - below) / 2.0, "part {part} of W({k}, {n}) is {value}, {off:e} off");
        let error = Fixed::exactly(found[part].head) + Fixed::exactly(found[part].tail) - exact.clone();
        assert!((error.to_f64() / exact.to_f64()).abs() < 2f64.powi(-94), "part {part} of W({k}, {n})");
    }
}

#[test]
fn twiddles_are_correctly_rounded() {
    let pairs = (1..=200u64).flat_map(|n| (0..n).map(move |k| (k, n)));
    let words: Vec<u64> = draws([5, 5], 0, 0).take(1500).map(u64::from).collect();
    let larger = words.chunks_exact(3).map(|word| {
        let n = 3 + word[0] % (1 << (2 + word[1] % 24));
        // Any k, or small angles and those next to a quarter turn.
        (if word[1] >> 31 == 0 { word[2] % n } else { (word[2] % 4 * n / 4 + word[2] / 4 % 3) % n }, n)
    });
    pairs.chain(larger).filter(|(k, n)| 4 * k % n != 0).for_each(|(k, n)| check(k, n));
}

#[test]
fn exact_twiddles() {
    for n in [4, 12, 1 << 25] {
        for (quarter, wanted) in [[1.0, 0.0], [0.0, -1.0], [-1.0, 0.0], [0.0, 1.0]].into_iter().enumerate() {
            let (single, double) = (Complex::<f32>::w(quarter * n / 4, n), Complex::<f64>::w(quarter * n / 4, n));
            assert_eq!([double.re, double.im].map(f64::to_bits), wanted.map(f64::to_bits));
            assert_eq!([single.re, single.im].map(f32::to_bits), wanted.map(|x| (x as f32).to_bits()));
        }
    }
    assert_eq!(Complex::<f64>::w(1, 6).re, 0.5);
    assert_eq!(Complex::<f64>::w(7, 12).im, 0.5);
}

fn transform(name: &str, norm: &str) -> Op {
    op(name, &format!(r#"{{"norm": "{norm}"}}"#))
}

fn irfft(norm: &str, n: u64) -> Op {
    op("irfft", &format!(r#"{{"norm": "{norm}", "n": {n}}}"#))
}

/// Numbers between -1 and 1.
fn uniform(stream: u32, shape: &[u64]) -> Tensor {
    let count = shape.iter().product::<u64>() as usize;
    let words = draws([3, 3], stream, 0).take(count).map(|word| (word as i32 as f32 * 2f32.powi(-31)).to_bits());
    tensor(DType::F32, shape, words.collect())
}

#[test]
fn transforms_are_near_the_sum_that_defines_them() {
    for n in (1..=200).chain([509, 512, 606, 1000]) {
        let x = uniform(n as u32, &[n as u64, 2]);
        let points = values(&x);
        for (op, sign) in [(transform("fft", "backward"), -1.0), (transform("ifft", "forward"), 1.0)] {
            let (mut off, mut size) = (0.0, 0.0);
            for (k, found) in values(&compute(&op, &[&x])).chunks_exact(2).enumerate() {
                let mut sum = [0.0, 0.0];
                for (j, x) in points.chunks_exact(2).enumerate() {
                    let (sin, cos) = (sign * std::f64::consts::TAU * (j * k % n) as f64 / n as f64).sin_cos();
                    let (re, im) = (f64::from(x[0]), f64::from(x[1]));
                    sum = [sum[0] + re * cos - im * sin, sum[1] + re * sin + im * cos];
                }
                off += (sum[0] - f64::from(found[0])).powi(2) + (sum[1] - f64::from(found[1])).powi(2);
                size += sum[0].powi(2) + sum[1].powi(2);
            }
            assert!((off / size).sqrt() < 1e-6, "n = {n}: off by {:e}", (off / size).sqrt());
        }
    }
}

#[test]
fn a_row_does_not_depend_on_the_batch() {
    for n in [30u64, 35] {
        let x = uniform(1, &[4, n]);
        let there_and_back = |x: &Tensor| {
            let spectrum = compute(&transform("rfft", "ortho"), &[x]);
            compute(&irfft("forward", n), &[&spectrum])
        };
        let together = there_and_back(&x);
        for (row, words) in x.words().chunks_exact(n as usize).enumerate() {
            let alone = there_and_back(&tensor(DType::F32, &[1, n], words.to_vec()));
            assert_eq!(alone.words(), &together.words()[row * n as usize..][..n as usize]);
        }
    }
}

#[test]
fn refused_operands() {
    let (fft, ifft, rfft) = (transform("fft", "ortho"), transform("ifft", "ortho"), transform("rfft", "ortho"));
    let cases: [(&Op, DType, &[u64], &str); 9] = [
        (&fft, DType::I32, &[4, 2], "dtype f32"),
        (&fft, DType::F32, &[2], "complex points"),
        (&ifft, DType::F32, &[4, 3], "complex points"),
        (&ifft, DType::F32, &[0, 2], "1 to 16777216 points, not 0"),
        (&rfft, DType::U32, &[4], "dtype f32"),
        (&rfft, DType::F32, &[], "expected f32 [..., n]"),
        (&rfft, DType::F32, &[0, (1 << 24) + 1], "1 to 16777216 points"),
        (&irfft("backward", 8), DType::F32, &[4, 2], "8 real points come from 5 complex ones"),
        (&irfft("backward", 0), DType::F32, &[1, 2], "1 to 16777216 points, not 0"),
    ];
    for (op, dtype, shape, words) in cases {
        let error = op.infer(&[&Type::new(dtype, shape).expect("a shape")]).expect_err("it is refused").to_string();
        assert!(error.contains(words), "{op:?} of {shape:?}: {error}");
    }
}
