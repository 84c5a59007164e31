//! Operations along a sequence: `scan`, the linear recurrence, and `bits`, the random words.

use crate::attributes::{flag, Attribute, Attributes, Value, AXIS, SHAPE};
use crate::error::{ensure, Result};
use crate::fma::fma;
use crate::movement::{rearranged, transposed};
use crate::operations::{exactly, Definition};
use crate::random;
use crate::shapes::{expect_axis, expect_dtype, reduced};
use crate::tensor::{DType, Tensor, Type};

/// The operations along a sequence.
pub const OPERATIONS: &[Definition] = &[
    Definition { name: "scan", arity: Some(3), attributes: &[AXIS, REVERSE], infer: scan_type, run: scan },
    Definition { name: "bits", arity: Some(2), attributes: &[STREAM, SHAPE, WIDTH], infer: bits_type, run: bits },
];

const REVERSE: Attribute = Attribute { name: "reverse", form: flag };

const STREAM: Attribute =
    Attribute { name: "stream", form: |json| Ok(Value::Number(json.integer(0..=u32::MAX.into())?)) };
const WIDTH: Attribute = Attribute { name: "width", form: |json| Ok(Value::Number(json.integer(1..=32)?)) };

fn scan_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let ([a, b, start], axis) = (exactly(operands), attributes.index("axis"));
    operands.iter().try_for_each(|operand| expect_dtype(operand, DType::F32))?;
    ensure!(a.shape == b.shape, "{a} and {b} differ in shape");
    expect_axis(a, axis)?;
    let without = reduced(a, DType::F32, &[axis], false)?;
    ensure!(*start == without, "the initial value is {start}, it should be {without}");
    Ok(a.clone())
}

/// h[t] = fma(a[t], h[t-1], b[t]) along an axis.
fn scan(operands: &[&Tensor], attributes: &Attributes, _: &Type) -> Vec<u32> {
    let ([a, b, start], axis, reverse) = (exactly(operands), attributes.index("axis"), attributes.flag("reverse"));
    let length = a.shape()[axis];
    let order: Vec<usize> = (0..a.shape().len()).filter(|&i| i != axis).chain([axis]).collect();
    let (a_rows, b_rows) = (rearranged(a, &order), rearranged(b, &order));
    let mut rows = Vec::with_capacity(a_rows.len());
    for ((a_row, b_row), &h0) in a_rows.chunks_exact(length).zip(b_rows.chunks_exact(length)).zip(start.words()) {
        let mut h = f32::from_bits(h0);
        let first = rows.len();
        rows.resize(first + length, 0);
        for i in 0..length {
            let t = if reverse { length - 1 - i } else { i };
            h = fma(f32::from_bits(a_row[t]), h, f32::from_bits(b_row[t]));
            rows[first + t] = h.to_bits();
        }
    }
    let arranged: Vec<usize> = order.iter().map(|&i| a.shape()[i]).collect();
    let mut back = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, &i)| back[i] = place);
    transposed(&rows, &arranged, &back)
}

fn bits_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let [seed, step] = exactly(operands);
    operands.iter().try_for_each(|operand| expect_dtype(operand, DType::U32))?;
    ensure!(seed.shape == [2], "the seed is {seed}, it should be u32 [2]");
    ensure!(step.shape.is_empty(), "the step is {step}, it should be u32 []");
    Type::new(DType::U32, attributes.numbers("shape"))
}

fn bits(operands: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let [seed, step] = exactly(operands);
    let [stream, width] = ["stream", "width"].map(|name| attributes.number(name) as u32);
    random::bits(exactly(seed.words()), step.words()[0], stream, width, result.elements())
}
