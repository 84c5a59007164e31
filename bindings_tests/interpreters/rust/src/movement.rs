//! Operations that only move words. Every function is given operands and a result type that were checked, and a result
//! with at least one element.

use crate::op::Window;
use crate::tensor::{broadcast_strides, strides, Tensor, Type, Walk};
use std::borrow::Cow;

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

/// The operation `slice`.
pub fn slice(x: &Tensor, start: &[u64], step: &[u64], result: &Type) -> Vec<u32> {
    let along = strides(x.shape());
    let first = along.iter().zip(start).map(|(stride, &start)| stride * start as usize).sum();
    // A step that leaves the axis is never taken.
    let steps = (0..along.len()).map(|axis| along[axis] * step[axis].min(x.shape()[axis] as u64) as usize);
    strided(x.words(), &result.shape, first, &steps.collect::<Vec<_>>())
}

/// The operation `pad`.
pub fn pad(x: &Tensor, low: &[u64], interior: &[u64], word: u32, result: &Type) -> Vec<u32> {
    let mut words = vec![word; result.elements()];
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

/// The operation `concat`.
pub fn concat(operands: &[&Tensor], axis: usize, result: &Type) -> Vec<u32> {
    let mut words = Vec::with_capacity(result.elements());
    for outer in 0..result.shape[..axis].iter().product() {
        for operand in operands {
            let chunk: usize = operand.shape()[axis..].iter().product();
            words.extend_from_slice(&operand.words()[outer * chunk..][..chunk]);
        }
    }
    words
}

/// The operation `gather`.
pub fn gather(x: &Tensor, index: &Tensor, axis: usize, result: &Type) -> Vec<u32> {
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

/// The operation `one_hot`.
pub fn one_hot(index: &Tensor, result: &Type) -> Vec<u32> {
    let depth = result.shape[index.shape().len()];
    let mut words = vec![0; result.elements()];
    for (row, &word) in words.chunks_exact_mut(depth).zip(index.words()) {
        if let Some(hot) = usize::try_from(word as i32).ok().and_then(|place| row.get_mut(place)) {
            *hot = 1f32.to_bits();
        }
    }
    words
}

/// The operation `unfold`: for each window, the pixels under it by channel, kernel row and kernel column.
pub fn unfold(x: &Tensor, window: &Window, result: &Type) -> Vec<u32> {
    let [images, channels, height, width] = x.shape()[..] else { unreachable!("checked: the operand is (N, C, H, W)") };
    let [kernel_h, kernel_w] = window.kernel.map(|k| k.get() as usize);
    let mut words = Vec::with_capacity(result.elements());
    let places = (0..images).flat_map(|n| (0..result.shape[1]).map(move |oh| (n, oh)));
    for ((n, oh), ow) in places.flat_map(|place| (0..result.shape[2]).map(move |ow| (place, ow))) {
        for (channel, i) in (0..channels).flat_map(|channel| (0..kernel_h).map(move |i| (channel, i))) {
            let row = window.position(0, oh, i, height).map(|row| ((n * channels + channel) * height + row) * width);
            for j in 0..kernel_w {
                let pixel = row.zip(window.position(1, ow, j, width));
                words.push(pixel.map_or(0, |(row, column)| x.words()[row + column]));
            }
        }
    }
    words
}
