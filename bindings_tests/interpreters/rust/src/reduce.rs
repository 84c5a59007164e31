//! The reduction rule (section 3 of the contract), and the operations that reduce axes: sum, max, argmax.

use crate::attributes::{Attributes, Panel, AXES, AXIS, KEEPDIMS, PANEL};
use crate::elementwise::maximum;
use crate::error::{ensure, Result};
use crate::movement::rearranged;
use crate::operations::{exactly, Definition};
use crate::shapes::reduced;
use crate::tensor::{DType, Tensor, Type};
use std::ops::Range;

/// The operations that reduce axes.
pub const OPERATIONS: &[Definition] = &[
    Definition { name: "sum", arity: Some(1), attributes: &[AXES, KEEPDIMS, PANEL], infer: reduced_type, run: sum },
    Definition { name: "max", arity: Some(1), attributes: &[AXES, KEEPDIMS], infer: reduced_type, run: max },
    Definition { name: "argmax", arity: Some(1), attributes: &[AXIS, KEEPDIMS], infer: argmax_type, run: argmax },
];

/// The rule: `chain` reduces one panel of terms; the panels' results are added, from `zero` on, by the same rule.
pub fn reduce<T: Copy>(
    n: usize,
    panel: Panel,
    zero: T,
    mut chain: impl FnMut(Range<usize>) -> T,
    add: impl Fn(T, T) -> T,
) -> T {
    let length = panel.length();
    if n <= length {
        return chain(0..n);
    }
    let mut results: Vec<T> =
        (0..n).step_by(length).map(|start| chain(start..n.min(start.saturating_add(length)))).collect();
    while results.len() > 1 {
        results = results.chunks(length).map(|panel| panel.iter().fold(zero, |acc, &x| add(acc, x))).collect();
    }
    results[0]
}

/// The `sum` of all terms, which are words of f32.
fn sum_all(terms: &[u32], panel: Panel) -> f32 {
    let chain = |range: Range<usize>| terms[range].iter().fold(0.0, |acc, &word| acc + f32::from_bits(word));
    reduce(terms.len(), panel, 0.0, chain, |acc, x| acc + x)
}

/// The `sum` of n terms of which only some are there, as (index, term) with ascending indices.
fn sum_present(mut terms: Vec<(usize, f32)>, mut n: usize, panel: Panel) -> f32 {
    let length = panel.length();
    while n > length {
        let panels = terms.chunk_by(|(i, _), (j, _)| i / length == j / length);
        terms = panels.map(|terms| (terms[0].0 / length, chain_of(terms))).collect();
        n = n.div_ceil(length);
    }
    chain_of(&terms)
}

fn chain_of(terms: &[(usize, f32)]) -> f32 {
    terms.iter().fold(0.0, |acc, (_, x)| acc + x)
}

/// `sum_present` on words of any dtype; integer sums do not depend on the order.
pub(crate) fn sum_present_words(
    dtype: DType,
    terms: impl Iterator<Item = (usize, u32)>,
    n: usize,
    panel: Panel,
) -> u32 {
    match dtype {
        DType::F32 => sum_present(terms.map(|(i, word)| (i, f32::from_bits(word))).collect(), n, panel).to_bits(),
        DType::I32 | DType::U32 => terms.fold(0, |acc, (_, word)| acc.wrapping_add(word)),
    }
}

/// Reduces each group of elements that differ only in `axes` with `f`.
fn reduce_axes(x: &Tensor, axes: &[usize], result: &Type, f: impl Fn(&[u32]) -> u32) -> Vec<u32> {
    let (kept, gone): (Vec<usize>, Vec<usize>) = (0..x.shape().len()).partition(|axis| !axes.contains(axis));
    if x.words().is_empty() {
        return vec![f(&[]); result.elements()];
    }
    let count = gone.iter().map(|&axis| x.shape()[axis]).product();
    let words = rearranged(x, &[kept, gone].concat());
    words.chunks_exact(count).map(f).collect()
}

fn reduced_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let [x] = exactly(operands);
    reduced(x, x.dtype, &attributes.indices("axes"), attributes.flag("keepdims"))
}

fn sum(operands: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let ([x], axes, panel) = (exactly(operands), &attributes.indices("axes"), attributes.panel("panel"));
    match x.ty().dtype {
        DType::F32 => reduce_axes(x, axes, result, |terms| sum_all(terms, panel).to_bits()),
        DType::I32 | DType::U32 => {
            reduce_axes(x, axes, result, |terms| terms.iter().fold(0, |acc: u32, &word| acc.wrapping_add(word)))
        }
    }
}

fn max(operands: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let ([x], axes) = (exactly(operands), &attributes.indices("axes"));
    match x.ty().dtype {
        DType::F32 => reduce_axes(x, axes, result, |terms| {
            let terms = terms.iter().copied().map(f32::from_bits);
            terms.fold(f32::NEG_INFINITY, maximum).to_bits()
        }),
        DType::I32 => reduce_axes(x, axes, result, |terms| terms.iter().fold(i32::MIN, |m, &w| m.max(w as i32)) as u32),
        DType::U32 => reduce_axes(x, axes, result, |terms| terms.iter().fold(0, |m, &w| m.max(w))),
    }
}

fn argmax_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let ([x], axis) = (exactly(operands), attributes.index("axis"));
    let result = reduced(x, DType::I32, &[axis], attributes.flag("keepdims"))?;
    ensure!(x.shape[axis] > 0, "axis {axis} of {x} is empty");
    Ok(result)
}

fn argmax(operands: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let ([x], axis) = (exactly(operands), attributes.index("axis"));
    let first_best = |terms: &[u32], better: fn(u32, u32) -> bool| {
        let best = (1..terms.len()).fold(0, |best, i| if better(terms[i], terms[best]) { i } else { best });
        best as u32
    };
    let better: fn(u32, u32) -> bool = match x.ty().dtype {
        DType::F32 => |new, best| {
            let (new, best) = (f32::from_bits(new), f32::from_bits(best));
            new > best || (new.is_nan() && !best.is_nan())
        },
        DType::I32 => |new, best| new as i32 > best as i32,
        DType::U32 => |new, best| new > best,
    };
    reduce_axes(x, &[axis], result, |terms| first_best(terms, better))
}
