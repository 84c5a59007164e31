//! Operations that only move words, and the copies that others need.

use crate::attributes::{numbers, Attribute, Attributes, Value, AXES, AXIS, DTYPE, MOST, SHAPE, WORD};
use crate::error::{ensure, Result};
use crate::operations::{exactly, Definition};
use crate::shapes::{broadcast as broadcast_type, expect_axis, same_dtype, wide};
use crate::tensor::{broadcast_strides, strides, Tensor, Type, Walk};
use std::borrow::Cow;

/// The operations that move words.
pub const OPERATIONS: &[Definition] = &[
    Definition {
        name: "constant",
        arity: Some(0),
        attributes: &[DTYPE, SHAPE, WORD],
        infer: |_, attributes| Type::new(attributes.dtype("dtype"), attributes.numbers("shape")),
        run: |_, attributes, result| vec![attributes.word("word"); result.elements()],
    },
    Definition {
        name: "reshape",
        arity: Some(1),
        attributes: &[SHAPE],
        infer: reshape_type,
        run: |operands, _, _| operands[0].words().to_vec(),
    },
    Definition {
        name: "transpose",
        arity: Some(1),
        attributes: &[AXES],
        infer: transpose_type,
        run: |operands, attributes, _| {
            let [x] = exactly(operands);
            transposed(x.words(), x.shape(), &attributes.indices("axes"))
        },
    },
    Definition {
        name: "broadcast",
        arity: Some(1),
        attributes: &[SHAPE],
        infer: broadcast_to_type,
        run: |operands, _, result| broadcast(operands[0], &result.shape).into_owned(),
    },
    Definition {
        name: "slice",
        arity: Some(1),
        attributes: &[list("start"), list("stop"), STEP],
        infer: slice_type,
        run: slice,
    },
    Definition {
        name: "pad",
        arity: Some(1),
        attributes: &[list("low"), list("high"), list("interior"), WORD],
        infer: pad_type,
        run: pad,
    },
    Definition { name: "concat", arity: None, attributes: &[AXIS], infer: concat_type, run: concat },
];

const STEP: Attribute = Attribute { name: "step", form: |json| Ok(Value::Numbers(json.integers(1..=MOST)?)) };

/// A list with a number for each axis.
const fn list(name: &'static str) -> Attribute {
    Attribute { name, form: numbers }
}

/// The words under a walk.
fn strided(words: &[u32], shape: &[usize], start: usize, strides: &[usize]) -> Vec<u32> {
    Walk::new(shape, start, strides).map(|offset| words[offset]).collect()
}

/// The words of a tensor of this shape, its axes in the order `axes`.
pub fn transposed(words: &[u32], shape: &[usize], axes: &[usize]) -> Vec<u32> {
    let steps = strides(shape);
    let shape: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
    let steps: Vec<usize> = axes.iter().map(|&axis| steps[axis]).collect();
    strided(words, &shape, 0, &steps)
}

/// The same, without a copy where the order stays.
pub fn rearranged<'a>(x: &'a Tensor, axes: &[usize]) -> Cow<'a, [u32]> {
    if axes.iter().copied().eq(0..axes.len()) {
        Cow::Borrowed(x.words())
    } else {
        Cow::Owned(transposed(x.words(), x.shape(), axes))
    }
}

/// The words of x broadcast to a shape, without a copy where it has that shape.
pub fn broadcast<'a>(x: &'a Tensor, shape: &[usize]) -> Cow<'a, [u32]> {
    if x.shape() == shape {
        Cow::Borrowed(x.words())
    } else {
        Cow::Owned(strided(x.words(), shape, 0, &broadcast_strides(x.shape(), shape)))
    }
}

fn reshape_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let ([x], shape) = (exactly(operands), attributes.numbers("shape"));
    let result = Type::new(x.dtype, shape)?;
    ensure!(x.elements() == result.elements(), "{x} has not as many elements as {shape:?}");
    Ok(result)
}

fn transpose_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let ([x], axes) = (exactly(operands), attributes.indices("axes"));
    let mut sorted = axes.clone();
    sorted.sort_unstable();
    ensure!(sorted.into_iter().eq(0..x.shape.len()), "{axes:?} is no permutation of the axes of {x}");
    Ok(Type { dtype: x.dtype, shape: axes.iter().map(|&axis| x.shape[axis]).collect() })
}

fn broadcast_to_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let ([x], shape) = (exactly(operands), attributes.numbers("shape"));
    let result = Type::new(x.dtype, shape)?;
    ensure!(broadcast_type(x.dtype, &[x, &result])? == result, "{x} does not broadcast to {shape:?}");
    Ok(result)
}

fn expect_lengths(x: &Type, lists: [&[u64]; 3]) -> Result<()> {
    let rank = x.shape.len();
    ensure!(
        lists.iter().all(|list| list.len() == rank),
        "every list must have {rank} numbers, one for each axis of {x}"
    );
    Ok(())
}

fn slice_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let [x] = exactly(operands);
    let [start, stop, step] = ["start", "stop", "step"].map(|name| attributes.numbers(name));
    expect_lengths(x, [start, stop, step])?;
    let mut shape = Vec::new();
    for (axis, &dimension) in x.shape.iter().enumerate() {
        let (start, stop, step) = (start[axis], stop[axis], step[axis]);
        let valid = start <= stop && stop <= dimension as u64;
        ensure!(valid, "axis {axis} of {x} has no slice {start}:{stop}:{step}");
        shape.push((stop - start).div_ceil(step));
    }
    Type::new(x.dtype, &shape)
}

fn slice(operands: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let [x] = exactly(operands);
    let (start, step) = (attributes.numbers("start"), attributes.numbers("step"));
    let along = strides(x.shape());
    let first = along.iter().zip(start).map(|(stride, &start)| stride * start as usize).sum();
    // A step that leaves the axis is never taken.
    let steps = (0..along.len()).map(|axis| along[axis] * step[axis].min(x.shape()[axis] as u64) as usize);
    strided(x.words(), &result.shape, first, &steps.collect::<Vec<_>>())
}

fn pad_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let [x] = exactly(operands);
    let [low, high, interior] = ["low", "high", "interior"].map(|name| attributes.numbers(name));
    expect_lengths(x, [low, high, interior])?;
    let padded = |axis: usize| {
        let dimension = x.shape[axis] as u64;
        low[axis] + dimension + dimension.saturating_sub(1) * interior[axis] + high[axis]
        // below 2^63
    };
    let shape: Vec<u64> = (0..x.shape.len()).map(padded).collect();
    Type::new(x.dtype, &shape)
}

fn pad(operands: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let [x] = exactly(operands);
    let (low, interior) = (attributes.numbers("low"), attributes.numbers("interior"));
    let mut words = vec![attributes.word("word"); result.elements()];
    let along = strides(&result.shape);
    let first = along.iter().zip(low).map(|(stride, &low)| stride * low as usize).sum();
    // Between neighbours there is no gap on an axis of one element.
    let gaps = (0..along.len()).map(|axis| if x.shape()[axis] > 1 { interior[axis] as usize } else { 0 });
    let steps: Vec<usize> = along.iter().zip(gaps).map(|(stride, gap)| stride * (gap + 1)).collect();
    for (&value, place) in x.words().iter().zip(Walk::new(x.shape(), first, &steps)) {
        words[place] = value;
    }
    words
}

fn concat_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let (first, axis) = (operands[0], attributes.index("axis"));
    let dtype = same_dtype(operands)?;
    expect_axis(first, axis)?;
    let mut shape = wide(&first.shape);
    shape[axis] = 0;
    for operand in operands {
        let fits = operand.shape.len() == shape.len()
            && (0..shape.len()).all(|i| i == axis || operand.shape[i] == first.shape[i]);
        ensure!(fits, "{first} and {operand} differ in more than axis {axis}");
        shape[axis] += operand.shape[axis] as u64; // at most 2^64 / 2^31 operands: cannot overflow
    }
    Type::new(dtype, &shape)
}

fn concat(operands: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let axis = attributes.index("axis");
    let mut words = Vec::with_capacity(result.elements());
    for outer in 0..result.shape[..axis].iter().product() {
        for operand in operands {
            let chunk: usize = operand.shape()[axis..].iter().product();
            words.extend_from_slice(&operand.words()[outer * chunk..][..chunk]);
        }
    }
    words
}
