//! The reduction rule (section 3 of the contract), and all that adds up but `matmul`.

use crate::fma::fma;
use crate::movement::{rearranged, transposed};
use crate::op::{Panel, Window};
use crate::tensor::{strides, DType, Tensor, Type};
use std::ops::Range;

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
fn sum_present_words(dtype: DType, terms: impl Iterator<Item = (usize, u32)>, n: usize, panel: Panel) -> u32 {
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

/// The operation `sum`.
pub fn sum(x: &Tensor, axes: &[usize], panel: Panel, result: &Type) -> Vec<u32> {
    match x.ty().dtype {
        DType::F32 => reduce_axes(x, axes, result, |terms| sum_all(terms, panel).to_bits()),
        DType::I32 | DType::U32 => {
            reduce_axes(x, axes, result, |terms| terms.iter().fold(0, |acc: u32, &word| acc.wrapping_add(word)))
        }
    }
}

/// The operation `max`.
pub fn max(x: &Tensor, axes: &[usize], result: &Type) -> Vec<u32> {
    match x.ty().dtype {
        DType::F32 => reduce_axes(x, axes, result, |terms| {
            let terms = terms.iter().copied().map(f32::from_bits);
            terms.fold(f32::NEG_INFINITY, crate::elementwise::maximum).to_bits()
        }),
        DType::I32 => reduce_axes(x, axes, result, |terms| terms.iter().fold(i32::MIN, |m, &w| m.max(w as i32)) as u32),
        DType::U32 => reduce_axes(x, axes, result, |terms| terms.iter().fold(0, |m, &w| m.max(w))),
    }
}

/// The operation `argmax`.
pub fn argmax(x: &Tensor, axis: usize, result: &Type) -> Vec<u32> {
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

/// The operation `scatter_add`: for each place of the result, the terms of all sources that point to it.
pub fn scatter_add(x: &Tensor, index: &Tensor, axis: usize, panel: Panel, result: &Type) -> Vec<u32> {
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

/// The operation `fold`: for each pixel, the terms of all kernel positions through which a window sees it.
pub fn fold(x: &Tensor, window: &Window, panel: Panel, result: &Type) -> Vec<u32> {
    let [images, channels, height, width] = result.shape[..] else {
        unreachable!("checked: the result is (N, C, H, W)")
    };
    let [kernel_h, kernel_w] = window.kernel.map(|k| k.get() as usize);
    let [_, row_step, column_step, ..] = strides(x.shape())[..] else {
        unreachable!("checked: the operand has 4 axes")
    };
    let planes = (0..images).flat_map(|image| (0..channels).map(move |channel| (image, channel)));
    let mut words = Vec::with_capacity(result.elements());
    for (image, channel) in planes {
        let plane = image * x.shape()[1] * row_step + channel * kernel_h * kernel_w;
        for pixel in 0..height * width {
            let seen =
                |axis, tap| window.covering(axis, [pixel / width, pixel % width][axis], tap, x.shape()[1 + axis]);
            let rows = (0..kernel_h).filter_map(|i| Some((i, seen(0, i)?)));
            let taps = rows.flat_map(|(i, oh)| {
                let tap = move |(j, ow)| (i * kernel_w + j, plane + oh * row_step + ow * column_step);
                (0..kernel_w).filter_map(|j| Some((j, seen(1, j)?))).map(tap)
            });
            let terms = taps.map(|(position, window)| (position, x.words()[window + position]));
            words.push(sum_present_words(x.ty().dtype, terms, kernel_h * kernel_w, panel));
        }
    }
    words
}

/// The operation `scan`: h[t] = fma(a[t], h[t-1], b[t]) along an axis.
pub fn scan(a: &Tensor, b: &Tensor, start: &Tensor, axis: usize, reverse: bool) -> Vec<u32> {
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
