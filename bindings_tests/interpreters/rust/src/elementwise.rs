//! Operations element by element: section 2 of the contract on words, and the elementary functions on all of a tensor.

use crate::attributes::{choice, Attribute, Attributes, DTYPE};
use crate::elementary;
use crate::error::{ensure, Result};
use crate::fma::fma;
use crate::movement::broadcast;
use crate::operations::{exactly, Definition, Infer, Run};
use crate::shapes::{broadcast as broadcast_type, expect_dtype, same_dtype};
use crate::tensor::{DType, Tensor, Type};

/// The elementwise operations.
pub const OPERATIONS: &[Definition] = &[
    plain("add", 2, any, add),
    plain("sub", 2, any, sub),
    plain("mul", 2, any, mul),
    plain("maximum", 2, any, maxima),
    plain("minimum", 2, any, minima),
    plain("div", 2, floats, |pair, _, result| zip_f32(pair, result, |x, y| x / y)),
    plain("fma", 3, floats, fused),
    plain("neg", 1, any, neg),
    plain("abs", 1, signed, abs),
    plain("sqrt", 1, floats, |x, _, _| map_f32(x, f32::sqrt)),
    plain("exp", 1, floats, |x, _, _| map_f32(x, elementary::exp)),
    plain("expm1", 1, floats, |x, _, _| map_f32(x, elementary::expm1)),
    plain("log", 1, floats, |x, _, _| map_f32(x, elementary::log)),
    plain("log1p", 1, floats, |x, _, _| map_f32(x, elementary::log1p)),
    plain("tanh", 1, floats, |x, _, _| map_f32(x, elementary::tanh)),
    plain("erf", 1, floats, |x, _, _| map_f32(x, elementary::erf)),
    plain("sinpi", 1, floats, |x, _, _| map_f32(x, elementary::sinpi)),
    plain("cospi", 1, floats, |x, _, _| map_f32(x, elementary::cospi)),
    Definition { name: "compare", arity: Some(2), attributes: &[HOW], infer: compare_type, run: compare },
    plain("select", 3, select_type, select),
    Definition { name: "cast", arity: Some(1), attributes: &[DTYPE], infer: cast_type, run: cast },
    Definition { name: "round_to", arity: Some(1), attributes: &[FORMAT], infer: floats, run: round_to },
];

const HOW: Attribute =
    Attribute { name: "how", form: |json| choice(json, "comparison", &["lt", "le", "eq", "ne", "ge", "gt"]) };

const FORMAT: Attribute =
    Attribute { name: "format", form: |json| choice(json, "format", &["f16", "bf16", "e4m3fn", "e5m2"]) };

/// An operation without attributes.
const fn plain(name: &'static str, arity: usize, infer: Infer, run: Run) -> Definition {
    Definition { name, arity: Some(arity), attributes: &[], infer, run }
}

/// Operands of any one dtype, broadcast.
fn any(operands: &[&Type], _: &Attributes) -> Result<Type> {
    broadcast_type(same_dtype(operands)?, operands)
}

/// Operands of f32, broadcast.
fn floats(operands: &[&Type], _: &Attributes) -> Result<Type> {
    operands.iter().try_for_each(|operand| expect_dtype(operand, DType::F32))?;
    broadcast_type(DType::F32, operands)
}

/// One operand, not u32.
fn signed(operands: &[&Type], _: &Attributes) -> Result<Type> {
    let [x] = exactly(operands);
    ensure!(x.dtype != DType::U32, "does not take an operand of dtype {}", x.dtype.name());
    Ok(x.clone())
}

fn map(operands: &[&Tensor], f: impl Fn(u32) -> u32) -> Vec<u32> {
    let [x] = exactly(operands);
    x.words().iter().map(|&word| f(word)).collect()
}

fn map_f32(operands: &[&Tensor], f: impl Fn(f32) -> f32) -> Vec<u32> {
    map(operands, |word| f(f32::from_bits(word)).to_bits())
}

fn zip(operands: &[&Tensor], result: &Type, f: impl Fn(u32, u32) -> u32) -> Vec<u32> {
    let [x, y] = exactly(operands).map(|operand| broadcast(operand, &result.shape));
    x.iter().zip(y.iter()).map(|(&x, &y)| f(x, y)).collect()
}

fn zip_f32(operands: &[&Tensor], result: &Type, f: impl Fn(f32, f32) -> f32) -> Vec<u32> {
    zip(operands, result, |x, y| f(f32::from_bits(x), f32::from_bits(y)).to_bits())
}

// The words of integer sums, differences and products do not depend on the sign.

fn add(pair: &[&Tensor], _: &Attributes, result: &Type) -> Vec<u32> {
    match result.dtype {
        DType::F32 => zip_f32(pair, result, |x, y| x + y),
        DType::I32 | DType::U32 => zip(pair, result, u32::wrapping_add),
    }
}

fn sub(pair: &[&Tensor], _: &Attributes, result: &Type) -> Vec<u32> {
    match result.dtype {
        DType::F32 => zip_f32(pair, result, |x, y| x - y),
        DType::I32 | DType::U32 => zip(pair, result, u32::wrapping_sub),
    }
}

fn mul(pair: &[&Tensor], _: &Attributes, result: &Type) -> Vec<u32> {
    match result.dtype {
        DType::F32 => zip_f32(pair, result, |x, y| x * y),
        DType::I32 | DType::U32 => zip(pair, result, u32::wrapping_mul),
    }
}

fn maxima(pair: &[&Tensor], _: &Attributes, result: &Type) -> Vec<u32> {
    match result.dtype {
        DType::F32 => zip_f32(pair, result, maximum),
        DType::I32 => zip(pair, result, |x, y| (x as i32).max(y as i32) as u32),
        DType::U32 => zip(pair, result, u32::max),
    }
}

fn minima(pair: &[&Tensor], _: &Attributes, result: &Type) -> Vec<u32> {
    match result.dtype {
        DType::F32 => zip_f32(pair, result, |x, y| -maximum(-x, -y)),
        DType::I32 => zip(pair, result, |x, y| (x as i32).min(y as i32) as u32),
        DType::U32 => zip(pair, result, u32::min),
    }
}

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

fn neg(operands: &[&Tensor], _: &Attributes, result: &Type) -> Vec<u32> {
    match result.dtype {
        DType::F32 => map(operands, |word| word ^ 0x8000_0000),
        DType::I32 | DType::U32 => map(operands, u32::wrapping_neg),
    }
}

fn abs(operands: &[&Tensor], _: &Attributes, result: &Type) -> Vec<u32> {
    match result.dtype {
        DType::F32 => map(operands, |word| word & 0x7fff_ffff),
        DType::I32 | DType::U32 => map(operands, |word| (word as i32).wrapping_abs() as u32),
    }
}

fn fused(operands: &[&Tensor], _: &Attributes, result: &Type) -> Vec<u32> {
    let [x, y, z] = exactly(operands).map(|operand| broadcast(operand, &result.shape));
    let pairs = x.iter().zip(y.iter());
    let terms = pairs.zip(z.iter());
    terms.map(|((&x, &y), &z)| fma(f32::from_bits(x), f32::from_bits(y), f32::from_bits(z)).to_bits()).collect()
}

fn compare_type(operands: &[&Type], _: &Attributes) -> Result<Type> {
    same_dtype(operands)?;
    broadcast_type(DType::I32, operands)
}

fn compare(pair: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let how = attributes.choice("how");
    match pair[0].ty().dtype {
        DType::F32 => compare_as(pair, result, how, f32::from_bits),
        DType::I32 => compare_as(pair, result, how, |word| word as i32),
        DType::U32 => compare_as(pair, result, how, |word| word),
    }
}

fn compare_as<T: PartialOrd>(pair: &[&Tensor], result: &Type, how: &str, value: impl Fn(u32) -> T) -> Vec<u32> {
    match how {
        "lt" => zip(pair, result, |x, y| u32::from(value(x) < value(y))),
        "le" => zip(pair, result, |x, y| u32::from(value(x) <= value(y))),
        "eq" => zip(pair, result, |x, y| u32::from(value(x) == value(y))),
        "ne" => zip(pair, result, |x, y| u32::from(value(x) != value(y))),
        "ge" => zip(pair, result, |x, y| u32::from(value(x) >= value(y))),
        _ => zip(pair, result, |x, y| u32::from(value(x) > value(y))),
    }
}

fn select_type(operands: &[&Type], _: &Attributes) -> Result<Type> {
    broadcast_type(same_dtype(&operands[1..])?, operands)
}

/// Zero is the word 0, and for f32 also -0.
fn select(operands: &[&Tensor], _: &Attributes, result: &Type) -> Vec<u32> {
    let sign = if operands[0].ty().dtype == DType::F32 { 0x8000_0000 } else { 0 };
    let [c, x, y] = exactly(operands).map(|operand| broadcast(operand, &result.shape));
    let choices = x.iter().zip(y.iter());
    c.iter().zip(choices).map(|(&c, (&x, &y))| if c & !sign != 0 { x } else { y }).collect()
}

fn cast_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    Ok(Type { dtype: attributes.dtype("dtype"), shape: operands[0].shape.clone() })
}

/// Rust's `as` rounds integers to nearest even, and truncates and saturates floats, NaN to 0.
fn cast(operands: &[&Tensor], _: &Attributes, result: &Type) -> Vec<u32> {
    match (operands[0].ty().dtype, result.dtype) {
        (DType::F32, DType::I32) => map(operands, |word| f32::from_bits(word) as i32 as u32),
        (DType::F32, DType::U32) => map(operands, |word| f32::from_bits(word) as u32),
        (DType::I32, DType::F32) => map(operands, |word| (word as i32 as f32).to_bits()),
        (DType::U32, DType::F32) => map(operands, |word| (word as f32).to_bits()),
        _ => operands[0].words().to_vec(),
    }
}

/// A floating-point format with fewer bits than f32.
struct Format {
    /// Bits of the significand, the hidden one among them.
    precision: i32,
    /// The exponent of the least normal value.
    least: i32,
    /// The largest finite value.
    largest: f64,
    /// What is beyond it.
    beyond: f32,
}

impl Format {
    fn named(name: &str) -> Format {
        let (precision, least, largest, beyond) = match name {
            "f16" => (11, -14, 65504.0, f32::INFINITY),
            "bf16" => (8, -126, f64::from(f32::from_bits(0x7f7f_0000)), f32::INFINITY),
            "e4m3fn" => (4, -6, 448.0, f32::NAN), // it has no infinity
            _ => (3, -14, 57344.0, f32::INFINITY),
        };
        Format { precision, least, largest, beyond }
    }

    /// The nearest value, ties to even: below and above x are multiples of a unit in the format's last place. All is exact in
    /// f64, where every finite f32 but 0 is normal.
    fn round(&self, x: f32) -> f32 {
        if !x.is_finite() {
            return if x.is_nan() { f32::NAN } else { self.beyond.copysign(x) };
        }
        let size = f64::from(x.abs());
        let exponent = (size.to_bits() >> 52) as i32 - 1023;
        let unit = power_of_two(exponent.max(self.least) - (self.precision - 1));
        let below = (size / unit) as u64;
        let rest = size - below as f64 * unit;
        let up = rest > unit / 2.0 || (rest == unit / 2.0 && below % 2 == 1);
        let nearest = (below + u64::from(up)) as f64 * unit;
        let nearest = if nearest > self.largest { self.beyond } else { nearest as f32 };
        nearest.copysign(x)
    }
}

/// For exponents of normal f64.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

fn round_to(operands: &[&Tensor], attributes: &Attributes, _: &Type) -> Vec<u32> {
    let format = Format::named(attributes.choice("format"));
    map_f32(operands, |x| format.round(x))
}
