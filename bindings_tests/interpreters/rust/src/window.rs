//! Windows over images: `unfold` lays out the window of each position as a row, `fold` is its transpose and adds up.

use crate::attributes::{exactly as list, Attribute, Attributes, PANEL};
use crate::error::{ensure, fail, Error, Result};
use crate::operations::{exactly, Definition};
use crate::reduce::sum_present_words;
use crate::shapes::narrow;
use crate::tensor::{strides, Tensor, Type};

/// The operations on windows.
pub const OPERATIONS: &[Definition] = &[
    Definition {
        name: "unfold",
        arity: Some(1),
        attributes: &[KERNEL, STRIDE, PADDING, DILATION],
        infer: unfold_type,
        run: unfold,
    },
    Definition {
        name: "fold",
        arity: Some(1),
        attributes: &[SIZE, KERNEL, STRIDE, PADDING, DILATION, PANEL],
        infer: fold_type,
        run: fold,
    },
];

const SIZE: Attribute = Attribute { name: "size", form: |json| list::<2>(json, 0) };
const KERNEL: Attribute = Attribute { name: "kernel", form: |json| list::<2>(json, 1) };
const STRIDE: Attribute = Attribute { name: "stride", form: |json| list::<2>(json, 1) };
const PADDING: Attribute = Attribute { name: "padding", form: |json| list::<4>(json, 0) };
const DILATION: Attribute = Attribute { name: "dilation", form: |json| list::<2>(json, 1) };

/// The window of `unfold` and `fold`, for rows and columns.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Window {
    /// Height and width.
    kernel: [u64; 2],
    /// Steps from window to window.
    stride: [u64; 2],
    /// Top, bottom, left, right.
    padding: [u64; 4],
    /// Steps from tap to tap.
    dilation: [u64; 2],
}

impl Window {
    fn new(attributes: &Attributes) -> Window {
        let pair = |name| exactly(attributes.numbers(name));
        let padding = exactly(attributes.numbers("padding"));
        Window { kernel: pair("kernel"), stride: pair("stride"), padding, dilation: pair("dilation") }
    }

    /// The number of windows along the rows (axis 0) or columns (axis 1) of an image, or nothing if not one fits.
    fn count(&self, axis: usize, size: usize) -> Option<u64> {
        let [kernel, stride, dilation] = [self.kernel, self.stride, self.dilation].map(|pair| pair[axis]);
        let room = size as u64 + self.padding[2 * axis] + self.padding[2 * axis + 1];
        let reach = dilation * (kernel - 1) + 1; // at most 2^62
        Some(room.checked_sub(reach)? / stride + 1)
    }

    /// Height times width.
    fn taps(&self) -> u64 {
        self.kernel[0] * self.kernel[1] // at most 2^62
    }

    /// The image's row (axis 0) or column (axis 1) under a tap of a window, or nothing if that is padding.
    fn position(&self, axis: usize, window: usize, tap: usize, size: usize) -> Option<usize> {
        let offset = window as u64 * self.stride[axis] + tap as u64 * self.dilation[axis];
        let position = offset.checked_sub(self.padding[2 * axis])?;
        (position < size as u64).then_some(position as usize)
    }

    /// The inverse: the window, of so many, that has a tap over the image's row or column, if there is one.
    fn covering(&self, axis: usize, position: usize, tap: usize, windows: usize) -> Option<usize> {
        let padded = position as u64 + self.padding[2 * axis];
        let first = padded.checked_sub(tap as u64 * self.dilation[axis])?;
        let window = first / self.stride[axis];
        (first % self.stride[axis] == 0 && window < windows as u64).then_some(window as usize)
    }
}

/// The number of windows over an image, rows and columns.
fn windows(window: &Window, size: [usize; 2]) -> Result<[u64; 2]> {
    let counts = window.count(0, size[0]).zip(window.count(1, size[1]));
    counts
        .map(<[u64; 2]>::from)
        .ok_or_else(|| Error::new(format!("not one window fits into the padded image {size:?}")))
}

fn unfold_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let ([x], window) = (exactly(operands), Window::new(attributes));
    let [n, c, h, w] = x.shape[..] else { fail!("expected (N, C, H, W), found {x}") };
    let [rows, columns] = windows(&window, [h, w])?;
    let Some(terms) = window.taps().checked_mul(c as u64) else { fail!("the kernel is beyond the limits") };
    Type::new(x.dtype, &[n as u64, rows, columns, terms])
}

/// For each window, the pixels under it by channel, kernel row and kernel column.
fn unfold(operands: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let ([x], window) = (exactly(operands), Window::new(attributes));
    let [images, channels, height, width] = x.shape()[..] else { unreachable!("checked: the operand is (N, C, H, W)") };
    let [kernel_h, kernel_w] = window.kernel.map(|k| k as usize);
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

fn fold_type(operands: &[&Type], attributes: &Attributes) -> Result<Type> {
    let ([x], window) = (exactly(operands), Window::new(attributes));
    let size: [u64; 2] = exactly(attributes.numbers("size"));
    let [n, rows, columns, terms] = x.shape[..] else { fail!("expected (N, OH, OW, C*kh*kw), found {x}") };
    let taps = window.taps();
    ensure!(terms as u64 % taps == 0, "the last axis of {x} is no multiple of the kernel's size");
    let expected = windows(&window, [narrow(size[0])?, narrow(size[1])?])?;
    ensure!(expected == [rows as u64, columns as u64], "an image {size:?} has {expected:?} windows, {x} has not");
    Type::new(x.dtype, &[n as u64, terms as u64 / taps, size[0], size[1]])
}

/// For each pixel, the terms of all kernel positions through which a window sees it.
fn fold(operands: &[&Tensor], attributes: &Attributes, result: &Type) -> Vec<u32> {
    let ([x], window, panel) = (exactly(operands), Window::new(attributes), attributes.panel("panel"));
    let [images, channels, height, width] = result.shape[..] else {
        unreachable!("checked: the result is (N, C, H, W)")
    };
    let [kernel_h, kernel_w] = window.kernel.map(|k| k as usize);
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
