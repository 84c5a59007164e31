//! Operations element by element: section 2 of the contract on words, and the elementary functions on all of a tensor.

use crate::elementary;
use crate::fma::fma;
use crate::movement::broadcast;
use crate::op::{Binary, How, Unary};
use crate::tensor::{DType, Tensor, Type};

/// The larger; NaN if either is NaN; +0 is larger than -0.
pub fn maximum(a: f32, b: f32) -> f32 {
    if a.is_nan() || b.is_nan() {
        f32::NAN
    } else if a > b || (a == b && a.is_sign_positive()) {
        a
    } else {
        b
    }
}

/// The smaller; NaN if either is NaN; -0 is smaller than +0.
pub fn minimum(a: f32, b: f32) -> f32 {
    -maximum(-a, -b)
}

fn map(x: &Tensor, f: impl Fn(u32) -> u32) -> Vec<u32> {
    x.words().iter().map(|&word| f(word)).collect()
}

fn map_f32(x: &Tensor, f: impl Fn(f32) -> f32) -> Vec<u32> {
    map(x, |word| f(f32::from_bits(word)).to_bits())
}

fn zip(x: &Tensor, y: &Tensor, result: &Type, f: impl Fn(u32, u32) -> u32) -> Vec<u32> {
    let (x, y) = (broadcast(x, &result.shape), broadcast(y, &result.shape));
    x.iter().zip(y.iter()).map(|(&x, &y)| f(x, y)).collect()
}

fn zip_f32(x: &Tensor, y: &Tensor, result: &Type, f: impl Fn(f32, f32) -> f32) -> Vec<u32> {
    zip(x, y, result, |x, y| f(f32::from_bits(x), f32::from_bits(y)).to_bits())
}

/// The operations of one operand.
pub fn unary(kind: Unary, x: &Tensor) -> Vec<u32> {
    let float = x.ty().dtype == DType::F32;
    match kind {
        Unary::Neg if float => map(x, |word| word ^ 0x8000_0000),
        Unary::Neg => map(x, u32::wrapping_neg),
        Unary::Abs if float => map(x, |word| word & 0x7fff_ffff),
        Unary::Abs => map(x, |word| (word as i32).wrapping_abs() as u32),
        Unary::Sqrt => map_f32(x, f32::sqrt),
        Unary::Exp => map_f32(x, elementary::exp),
        Unary::Expm1 => map_f32(x, elementary::expm1),
        Unary::Log => map_f32(x, elementary::log),
        Unary::Log1p => map_f32(x, elementary::log1p),
        Unary::Tanh => map_f32(x, elementary::tanh),
        Unary::Erf => map_f32(x, elementary::erf),
        Unary::Sinpi => map_f32(x, elementary::sinpi),
        Unary::Cospi => map_f32(x, elementary::cospi),
    }
}

/// The operations of two operands. The words of integer sums, differences and products do not depend on the sign.
pub fn binary(kind: Binary, x: &Tensor, y: &Tensor, result: &Type) -> Vec<u32> {
    match (kind, result.dtype) {
        (Binary::Add, DType::F32) => zip_f32(x, y, result, |x, y| x + y),
        (Binary::Sub, DType::F32) => zip_f32(x, y, result, |x, y| x - y),
        (Binary::Mul, DType::F32) => zip_f32(x, y, result, |x, y| x * y),
        (Binary::Div, _) => zip_f32(x, y, result, |x, y| x / y),
        (Binary::Maximum, DType::F32) => zip_f32(x, y, result, maximum),
        (Binary::Minimum, DType::F32) => zip_f32(x, y, result, minimum),
        (Binary::Add, _) => zip(x, y, result, u32::wrapping_add),
        (Binary::Sub, _) => zip(x, y, result, u32::wrapping_sub),
        (Binary::Mul, _) => zip(x, y, result, u32::wrapping_mul),
        (Binary::Maximum, DType::I32) => zip(x, y, result, |x, y| (x as i32).max(y as i32) as u32),
        (Binary::Minimum, DType::I32) => zip(x, y, result, |x, y| (x as i32).min(y as i32) as u32),
        (Binary::Maximum, DType::U32) => zip(x, y, result, u32::max),
        (Binary::Minimum, DType::U32) => zip(x, y, result, u32::min),
    }
}

/// The operation `fma`.
pub fn fused(x: &Tensor, y: &Tensor, z: &Tensor, result: &Type) -> Vec<u32> {
    let [x, y, z] = [x, y, z].map(|operand| broadcast(operand, &result.shape));
    let pairs = x.iter().zip(y.iter());
    let terms = pairs.zip(z.iter());
    terms.map(|((&x, &y), &z)| fma(f32::from_bits(x), f32::from_bits(y), f32::from_bits(z)).to_bits()).collect()
}

fn holds<T: PartialOrd>(how: How, x: T, y: T) -> u32 {
    u32::from(match how {
        How::Lt => x < y,
        How::Le => x <= y,
        How::Eq => x == y,
        How::Ne => x != y,
        How::Ge => x >= y,
        How::Gt => x > y,
    })
}

/// The operation `compare`.
pub fn compare(how: How, x: &Tensor, y: &Tensor, result: &Type) -> Vec<u32> {
    match x.ty().dtype {
        DType::F32 => zip(x, y, result, |x, y| holds(how, f32::from_bits(x), f32::from_bits(y))),
        DType::I32 => zip(x, y, result, |x, y| holds(how, x as i32, y as i32)),
        DType::U32 => zip(x, y, result, |x, y| holds(how, x, y)),
    }
}

/// The operation `select`. Zero is the word 0, and for f32 also -0.
pub fn select(condition: &Tensor, x: &Tensor, y: &Tensor, result: &Type) -> Vec<u32> {
    let sign = if condition.ty().dtype == DType::F32 { 0x8000_0000 } else { 0 };
    let [c, x, y] = [condition, x, y].map(|operand| broadcast(operand, &result.shape));
    let choices = x.iter().zip(y.iter());
    c.iter().zip(choices).map(|(&c, (&x, &y))| if c & !sign != 0 { x } else { y }).collect()
}

/// The operation `cast`. Rust's `as` rounds integers to nearest even, and truncates and saturates floats, NaN to 0.
pub fn cast(x: &Tensor, to: DType) -> Vec<u32> {
    match (x.ty().dtype, to) {
        (DType::F32, DType::I32) => map(x, |word| f32::from_bits(word) as i32 as u32),
        (DType::F32, DType::U32) => map(x, |word| f32::from_bits(word) as u32),
        (DType::I32, DType::F32) => map(x, |word| (word as i32 as f32).to_bits()),
        (DType::U32, DType::F32) => map(x, |word| (word as f32).to_bits()),
        _ => x.words().to_vec(),
    }
}
