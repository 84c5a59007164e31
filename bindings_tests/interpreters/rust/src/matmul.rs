//! `matmul`: every element of the result is a `dot` over k, one chain of fma to a panel. Several columns are computed
//! side by side and the rows by several threads; no chain is touched by that.

use crate::attributes::{flag, Attribute, Attributes, Panel, PANEL};
use crate::error::{ensure, fail, Result};
use crate::fma::fma_lanes;
use crate::movement::transposed;
use crate::operations::{exactly, Definition};
use crate::reduce::reduce;
use crate::shapes::{broadcast_shape, expect_dtype, joined};
use crate::tensor::{broadcast_strides, DType, Tensor, Type, Walk};
use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::thread;

/// The product of matrices.
pub const OPERATIONS: &[Definition] = &[Definition {
    name: "matmul",
    arity: Some(2),
    attributes: &[Attribute { name: "transpose_a", form: flag }, Attribute { name: "transpose_b", form: flag }, PANEL],
    infer: matmul_type,
    run: |operands, attributes, result| {
        let [a, b] = exactly(operands);
        let transpose = ["transpose_a", "transpose_b"].map(|name| attributes.flag(name));
        matmul(a, b, transpose, attributes.panel("panel"), result)
    },
}];

/// Columns side by side, where there are that many.
const LANES: usize = 16;
/// Below this number of fma, threads cost more than they save.
const WORTH_A_THREAD: usize = 1 << 18;

fn matmul_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let mut parts = Vec::new();
    for (operand, flag) in operands.iter().zip(["transpose_a", "transpose_b"]) {
        expect_dtype(operand, DType::F32)?;
        let [batch @ .., rows, columns] = &operand.shape[..] else {
            fail!("expected a matrix or a batch of them, found {operand}");
        };
        parts.push((batch, if attributes.flag(flag) { (*columns, *rows) } else { (*rows, *columns) }));
    }
    let ((batch_a, (m, k)), (batch_b, (k_b, n))) = (parts[0], parts[1]);
    ensure!(k == k_b, "the inner dimensions of {} and {}, {k} and {k_b}, differ", operands[0], operands[1]);
    let batch = broadcast_shape(&[batch_a, batch_b])?;
    joined(DType::F32, [&batch, &[m], &[n]])
}

/// The operation `matmul`, for a result with at least one element.
pub fn matmul(a: &Tensor, b: &Tensor, transpose: [bool; 2], panel: Panel, result: &Type) -> Vec<u32> {
    let (a, b) = (Batch::new(a, transpose[0]), Batch::new(b, transpose[1]));
    let batch_shape = &result.shape[..result.shape.len() - 2];
    let (a_strides, b_strides) = (broadcast_strides(a.shape, batch_shape), broadcast_strides(b.shape, batch_shape));
    let places = Walk::new(batch_shape, 0, &a_strides).zip(Walk::new(batch_shape, 0, &b_strides));
    let mut words = vec![0; result.elements()];
    for (product, (place_a, place_b)) in words.chunks_exact_mut(a.rows * b.columns).zip(places) {
        multiply(Matrices { a: a.matrix(place_a), b: b.matrix(place_b), k: a.columns, n: b.columns, panel }, product);
    }
    words
}

/// Matrices of one shape, row-major, already transposed if that was asked for.
struct Batch<'a> {
    words: Cow<'a, [u32]>,
    shape: &'a [usize],
    rows: usize,
    columns: usize,
}

impl<'a> Batch<'a> {
    fn new(x: &'a Tensor, transpose: bool) -> Batch<'a> {
        let [shape @ .., rows, columns] = x.shape() else { unreachable!("checked: operands are matrices") };
        if transpose {
            let last = shape.len();
            let order: Vec<usize> = (0..last).chain([last + 1, last]).collect();
            let words = Cow::Owned(transposed(x.words(), x.shape(), &order));
            Batch { words, shape, rows: *columns, columns: *rows }
        } else {
            Batch { words: Cow::Borrowed(x.words()), shape, rows: *rows, columns: *columns }
        }
    }

    fn matrix(&self, place: usize) -> &[u32] {
        let size = self.rows * self.columns;
        &self.words[place * size..][..size]
    }
}

/// The operands of one product: a has rows of k words, b k rows of n words.
#[derive(Clone, Copy)]
struct Matrices<'a> {
    a: &'a [u32],
    b: &'a [u32],
    k: usize,
    n: usize,
    panel: Panel,
}

fn multiply(matrices: Matrices<'_>, product: &mut [u32]) {
    let rows = product.len() / matrices.n;
    let work = product.len().saturating_mul(matrices.k);
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(1 + work / WORTH_A_THREAD);
    let share = rows.div_ceil(threads.min(rows));
    thread::scope(|scope| {
        let mut parts = product.chunks_mut(share * matrices.n).enumerate();
        let first = parts.next();
        for (part, words) in parts {
            scope.spawn(move || matrices.rows(part * share, words));
        }
        if let Some((_, words)) = first {
            matrices.rows(0, words);
        }
    });
}

impl Matrices<'_> {
    /// Computes whole rows of the product, from row `first` on.
    fn rows(&self, first: usize, product: &mut [u32]) {
        let mut column = 0;
        while column < self.n {
            column += match self.n - column {
                LANES.. => self.strip::<LANES>(first, column, product),
                8.. => self.strip::<8>(first, column, product),
                4.. => self.strip::<4>(first, column, product),
                _ => self.strip::<1>(first, column, product),
            };
        }
    }

    /// Computes the WIDTH columns from `column` on, for all rows; returns WIDTH.
    fn strip<const WIDTH: usize>(&self, first: usize, column: usize, product: &mut [u32]) -> usize {
        for (row, words) in product.chunks_exact_mut(self.n).enumerate() {
            let a = &self.a[(first + row) * self.k..][..self.k];
            let add = |acc: [f32; WIDTH], x: [f32; WIDTH]| std::array::from_fn(|j| acc[j] + x[j]);
            let chain = |range: std::ops::Range<usize>| {
                let mut acc = [0.0; WIDTH];
                for i in range {
                    let b = &self.b[i * self.n + column..][..WIDTH];
                    let b: [f32; WIDTH] = std::array::from_fn(|j| f32::from_bits(b[j]));
                    fma_lanes(f64::from(f32::from_bits(a[i])), &b, &mut acc);
                }
                acc
            };
            let dots = reduce(self.k, self.panel, [0.0; WIDTH], chain, add);
            for (word, dot) in words[column..].iter_mut().zip(dots) {
                *word = dot.to_bits();
            }
        }
        WIDTH
    }
}
