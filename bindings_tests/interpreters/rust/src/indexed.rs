//! The operations that take indices. An index outside its axis is no error: it yields zero, or is dropped.

use crate::attributes::{number, Attribute, Attributes, AXIS, PANEL};
use crate::error::{fail, Result};
use crate::operations::{exactly, Definition};
use crate::reduce::sum_present_words;
use crate::shapes::{expect_axis, expect_dtype, joined, narrow};
use crate::tensor::{DType, Tensor, Type};

/// The operations that take indices.
pub const OPERATIONS: &[Definition] = &[
    Definition { name: "gather", arity: Some(2), attributes: &[AXIS], infer: gather_type, run: gather },
    Definition {
        name: "scatter_add",
        arity: Some(2),
        attributes: &[AXIS, Attribute { name: "size", form: number }, PANEL],
        infer: scatter_add_type,
        run: scatter_add,
    },
    Definition {
        name: "one_hot",
        arity: Some(1),
        attributes: &[Attribute { name: "depth", form: number }],
        infer: one_hot_type,
        run: one_hot,
    },
];

fn gather_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let ([x, index], axis) = (exactly(operands), attributes.index("axis"));
    expect_dtype(index, DType::I32)?;
    expect_axis(x, axis)?;
    joined(x.dtype, [&x.shape[..axis], &index.shape, &x.shape[axis + 1..]])
}

fn gather(operands: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let ([x, index], axis) = (exactly(operands), attributes.index("axis"));
    let dimension = x.shape()[axis];
    let post: usize = x.shape()[axis + 1..].iter().product();
    let mut words = Vec::with_capacity(result.elements());
    for pre in 0..x.shape()[..axis].iter().product() {
        for &word in index.words() {
            match usize::try_from(word as i32) {
                Ok(place) if place < dimension => {
                    words.extend_from_slice(&x.words()[(pre * dimension + place) * post..][..post]);
                }
                _ => words.resize(words.len() + post, 0),
            }
        }
    }
    words
}

fn scatter_add_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let ([x, index], axis) = (exactly(operands), attributes.index("axis"));
    expect_dtype(index, DType::I32)?;
    let post = x.shape.get(axis..).and_then(|rest| rest.strip_prefix(&index.shape[..]));
    let Some(post) = post else {
        fail!("the shape of {x} does not contain that of the indices, {index}, at axis {axis}");
    };
    joined(x.dtype, [&x.shape[..axis], &[narrow(attributes.number("size"))?], post])
}

/// For each place of the result, the terms of all sources that point to it.
fn scatter_add(operands: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let ([x, index], axis, panel) = (exactly(operands), attributes.index("axis"), attributes.panel("panel"));
    let (size, sources) = (result.shape[axis], index.words().len());
    let inside =
        |(source, &word): (usize, &u32)| Some((usize::try_from(word as i32).ok().filter(|&i| i < size)?, source));
    let mut pointing: Vec<(usize, usize)> = index.words().iter().enumerate().filter_map(inside).collect();
    pointing.sort_unstable();
    let post: usize = result.shape[axis + 1..].iter().product();
    let mut words = vec![0; result.elements()];
    for pre in 0..result.shape[..axis].iter().product() {
        for group in pointing.chunk_by(|(place, _), (next, _)| place == next) {
            let first = (pre * size + group[0].0) * post;
            for column in 0..post {
                let terms = group.iter().map(|&(_, i)| (i, x.words()[(pre * sources + i) * post + column]));
                words[first + column] = sum_present_words(x.ty().dtype, terms, sources, panel);
            }
        }
    }
    words
}

fn one_hot_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let [index] = exactly(operands);
    expect_dtype(index, DType::I32)?;
    joined(DType::F32, [&index.shape, &[narrow(attributes.number("depth"))?], &[]])
}

fn one_hot(operands: &[&Tensor], _: &Attributes, result: &Type) -> Vec<u32> {
    let [index] = exactly(operands);
    let depth = result.shape[index.shape().len()];
    let mut words = vec![0; result.elements()];
    for (row, &word) in words.chunks_exact_mut(depth).zip(index.words()) {
        if let Some(hot) = usize::try_from(word as i32).ok().and_then(|place| row.get_mut(place)) {
            *hot = 1f32.to_bits();
        }
    }
    words
}
