//! The operations `fft`, `ifft`, `rfft` and `irfft`: rows of points through F(n), scaled.

use crate::attributes::{choice, number, Attribute, Attributes};
use crate::error::{ensure, fail, Result};
use crate::fma::fma;
use crate::fourier::{half_twiddles, plan, Complex, Plan};
use crate::operations::{exactly, Definition};
use crate::shapes::{expect_dtype, joined, narrow};
use crate::tensor::{DType, Tensor, Type};

/// The Fourier transforms.
pub const OPERATIONS: &[Definition] = &[
    Definition {
        name: "fft",
        arity: Some(1),
        attributes: &[NORM],
        infer: complex_type,
        run: |operands, attributes, _| {
            complex_rows(operands[0], norm(attributes), Direction::Forwards, Plan::transform)
        },
    },
    Definition {
        name: "ifft",
        arity: Some(1),
        attributes: &[NORM],
        infer: complex_type,
        run: |operands, attributes, _| complex_rows(operands[0], norm(attributes), Direction::Backwards, Plan::inverse),
    },
    Definition { name: "rfft", arity: Some(1), attributes: &[NORM], infer: rfft_type, run: rfft },
    Definition {
        name: "irfft",
        arity: Some(1),
        attributes: &[NORM, Attribute { name: "n", form: number }],
        infer: irfft_type,
        run: irfft,
    },
];

const NORM: Attribute =
    Attribute { name: "norm", form: |json| choice(json, "norm", &["backward", "ortho", "forward"]) };

/// The largest number of points of a transform.
const MAX_POINTS: u64 = 1 << 24;

type Points = Vec<Complex<f32>>;

/// Which direction of a transform is scaled: the inverse, both, or the forward one.
#[derive(Clone, Copy)]
enum Norm {
    Backward,
    Ortho,
    Forward,
}

fn norm(attributes: &Attributes) -> Norm {
    match attributes.choice("norm") {
        "backward" => Norm::Backward,
        "ortho" => Norm::Ortho,
        _ => Norm::Forward,
    }
}

/// The batch and the n of complex points [..., n, 2].
fn complex_points(x: &Type) -> Result<(&[usize], usize)> {
    expect_dtype(x, DType::F32)?;
    match &x.shape[..] {
        [batch @ .., n, 2] => Ok((batch, *n)),
        _ => fail!("expected complex points, f32 [..., n, 2], found {x}"),
    }
}

fn expect_points(n: u64) -> Result<()> {
    ensure!((1..=MAX_POINTS).contains(&n), "a transform has 1 to {MAX_POINTS} points, not {n}");
    Ok(())
}

fn complex_type(operands: &[&Type], _: &Attributes) -> Result<Type> {
    let [x] = exactly(operands);
    let (_, points) = complex_points(x)?;
    expect_points(points as u64)?;
    Ok(x.clone())
}

fn complex_rows(x: &Tensor, norm: Norm, direction: Direction, map: fn(&Plan<f32>, &mut [Complex<f32>])) -> Vec<u32> {
    let n = points_of(x);
    let (plan, scale) = (plan(n), scale(norm, n, direction));
    let row = |words: &[u32]| {
        let mut points = read(words);
        map(&plan, &mut points);
        write(&points, scale)
    };
    x.words().chunks_exact(2 * n).flat_map(row).collect()
}

fn rfft_type(operands: &[&Type], _: &Attributes) -> Result<Type> {
    let [x] = exactly(operands);
    expect_dtype(x, DType::F32)?;
    let [batch @ .., n] = &x.shape[..] else { fail!("expected f32 [..., n], found {x}") };
    expect_points(*n as u64)?;
    joined(DType::F32, [batch, &[n / 2 + 1], &[2]])
}

fn rfft(operands: &[&Tensor], attributes: &Attributes, _: &Type) -> Vec<u32> {
    let ([x], norm) = (exactly(operands), norm(attributes));
    let n = x.shape()[x.shape().len() - 1];
    let scale = scale(norm, n, Direction::Forwards);
    let rows = x.words().chunks_exact(n);
    if n % 2 == 0 {
        let (plan, w) = (plan(n / 2), half_twiddles(n));
        rows.flat_map(|words| {
            let mut z = read(words);
            plan.transform(&mut z);
            even_spectrum(&z, &w, scale)
        })
        .collect()
    } else {
        let plan = plan(n);
        rows.flat_map(|words| {
            let real = |&word: &u32| Complex { re: f32::from_bits(word), im: 0.0 };
            let mut points: Points = words.iter().map(real).collect();
            plan.transform(&mut points);
            let mut spectrum = write(&points[..n / 2 + 1], scale);
            spectrum[1] = 0;
            spectrum
        })
        .collect()
    }
}

fn irfft_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let ([x], n) = (exactly(operands), attributes.number("n"));
    let (batch, points) = complex_points(x)?;
    expect_points(n)?;
    ensure!(points as u64 == n / 2 + 1, "{n} real points come from {} complex ones, not from {x}", n / 2 + 1);
    joined(DType::F32, [batch, &[narrow(n)?], &[]])
}

fn irfft(operands: &[&Tensor], attributes: &Attributes, _: &Type) -> Vec<u32> {
    let ([x], norm, n) = (exactly(operands), norm(attributes), attributes.index("n"));
    let scale = scale(norm, n, Direction::Backwards);
    let rows = x.words().chunks_exact(2 * (n / 2 + 1));
    if n % 2 == 0 {
        let (plan, w) = (plan(n / 2), half_twiddles(n));
        rows.flat_map(|words| {
            let mut z = even_points(&read(words), &w);
            plan.inverse(&mut z);
            write(&z, scale)
        })
        .collect()
    } else {
        let plan = plan(n);
        rows.flat_map(|words| {
            let mut points = read(words);
            points[0].im = 0.0;
            let mirrored = points[1..].iter().rev().map(|x| Complex { re: x.re, im: -x.im });
            let mut points: Points = points.iter().copied().chain(mirrored).collect();
            plan.inverse(&mut points);
            points.into_iter().map(|x| (x.re * scale).to_bits()).collect::<Vec<u32>>()
        })
        .collect()
    }
}

enum Direction {
    Forwards,
    Backwards,
}

/// The factor of every part of the result, for n points of the time axis.
fn scale(norm: Norm, n: usize, direction: Direction) -> f32 {
    let n = n as f32; // exact up to 2^24
    match (norm, direction) {
        (Norm::Ortho, _) => 1.0 / n.sqrt(),
        (Norm::Backward, Direction::Forwards) | (Norm::Forward, Direction::Backwards) => 1.0,
        (Norm::Backward, Direction::Backwards) | (Norm::Forward, Direction::Forwards) => 1.0 / n,
    }
}

fn points_of(x: &Tensor) -> usize {
    x.shape()[x.shape().len() - 2]
}

fn read(words: &[u32]) -> Points {
    words.chunks_exact(2).map(|x| Complex { re: f32::from_bits(x[0]), im: f32::from_bits(x[1]) }).collect()
}

fn write(points: &[Complex<f32>], scale: f32) -> Vec<u32> {
    points.iter().map(|x| x.scaled(scale)).flat_map(|x| [x.re.to_bits(), x.im.to_bits()]).collect()
}

/// The sums and differences of the points k and m-k from which the transforms of the even and the odd points come.
struct Halves {
    er: f32,
    ei: f32,
    or: f32,
    oi: f32,
}

impl Halves {
    fn new(x: &[Complex<f32>], k: usize, mirror: usize) -> Halves {
        let (x, y) = (x[k], x[mirror]);
        Halves { er: x.re + y.re, ei: x.im - y.im, or: x.re - y.re, oi: x.im + y.im }
    }
}

/// The spectrum of 2m real points, from the transform of them as m complex points.
fn even_spectrum(z: &[Complex<f32>], w: &[Complex<f32>], scale: f32) -> Vec<u32> {
    let (m, half) = (z.len(), scale * 0.5);
    let inner = (1..m).map(|k| {
        let (Halves { er, ei, or, oi }, w) = (Halves::new(z, k, m - k), w[k]);
        let (re, im) = (er + fma(oi, w.re, or * w.im), ei + fma(oi, w.im, -(or * w.re)));
        Complex { re, im }.scaled(half)
    });
    let first = Complex { re: (z[0].re + z[0].im) * scale, im: 0.0 };
    let last = Complex { re: (z[0].re - z[0].im) * scale, im: 0.0 };
    let all = std::iter::once(first).chain(inner).chain([last]);
    all.flat_map(|x| [x.re.to_bits(), x.im.to_bits()]).collect()
}

/// The m complex points whose inverse is 2m real points, from their spectrum of m + 1 points.
fn even_points(x: &[Complex<f32>], w: &[Complex<f32>]) -> Points {
    let m = w.len();
    let inner = (1..m).map(|k| {
        let (Halves { er, ei, or, oi }, w) = (Halves::new(x, k, m - k), w[k]);
        Complex { re: er - fma(or, -w.im, oi * w.re), im: ei + fma(or, w.re, oi * w.im) }
    });
    let first = Complex { re: x[0].re + x[m].re, im: x[0].re - x[m].re };
    std::iter::once(first).chain(inner).collect()
}
