//! The operations of a program with their attributes, as in the table of docs/program.md.

use crate::error::{ensure, fail, Context, Error, Result};
use crate::json::{Fields, Json};
use crate::tensor::DType;
use std::num::NonZeroU64;

/// The length at which a reduction is cut into panels; `null` in a program is [`Panel::NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panel(u64);

impl Panel {
    /// No cut: one panel.
    pub const NONE: Panel = Panel(u64::MAX);

    /// # Errors
    /// If the length is below 2: such a reduction would never end.
    pub fn new(length: u64) -> Result<Panel> {
        ensure!(length >= 2, "a panel of {length} is refused; it must be 2 or more, or null");
        Ok(Panel(length))
    }

    /// The number of terms in a panel.
    pub fn length(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// An operation of one operand, element by element.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    Neg,
    Abs,
    Sqrt,
    Exp,
    Expm1,
    Log,
    Log1p,
    Tanh,
    Erf,
    Sinpi,
    Cospi,
}

/// An operation of two operands, element by element.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Maximum,
    Minimum,
}

/// A comparison.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Lt,
    Le,
    Eq,
    Ne,
    Ge,
    Gt,
}

/// Which direction of a Fourier transform is scaled: the inverse, both, or the forward one.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    Backward,
    Ortho,
    Forward,
}

/// The window of `unfold` and `fold`, for rows and columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width.
    pub kernel: [NonZeroU64; 2],
    /// Steps from window to window.
    pub stride: [NonZeroU64; 2],
    /// Top, bottom, left, right.
    pub padding: [u64; 4],
    /// Steps from tap to tap.
    pub dilation: [NonZeroU64; 2],
}

impl Window {
    /// The number of windows along the rows (axis 0) or columns (axis 1) of an image, or nothing if not one fits.
    pub fn count(&self, axis: usize, size: usize) -> Option<u64> {
        let [kernel, stride, dilation] = [self.kernel, self.stride, self.dilation].map(|pair| pair[axis].get());
        let room = (size as u64).checked_add(self.padding[2 * axis])?.checked_add(self.padding[2 * axis + 1])?;
        let reach = dilation.checked_mul(kernel - 1)?.checked_add(1)?;
        Some(room.checked_sub(reach)? / stride + 1)
    }

    /// Height times width.
    pub fn taps(&self) -> Option<u64> {
        self.kernel[0].get().checked_mul(self.kernel[1].get())
    }

    /// The image's row (axis 0) or column (axis 1) under a tap of a window, or nothing if that is padding.
    pub fn position(&self, axis: usize, window: usize, tap: usize, size: usize) -> Option<usize> {
        let offset = window as u64 * self.stride[axis].get() + tap as u64 * self.dilation[axis].get();
        let position = offset.checked_sub(self.padding[2 * axis])?;
        (position < size as u64).then_some(position as usize)
    }

    /// The inverse: the window, of so many, that has a tap over the image's row or column, if there is one.
    pub fn covering(&self, axis: usize, position: usize, tap: usize, windows: usize) -> Option<usize> {
        let padded = position as u64 + self.padding[2 * axis];
        let first = padded.checked_sub(tap as u64 * self.dilation[axis].get())?;
        let window = first / self.stride[axis];
        (first % self.stride[axis] == 0 && window < windows as u64).then_some(window as usize)
    }
}

/// An operation with its attributes.
#[allow(missing_docs)] // the table of docs/program.md
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    Unary(Unary),
    Binary(Binary),
    Fma,
    Compare(How),
    Select,
    Cast(DType),
    Constant { dtype: DType, shape: Vec<u64>, word: u32 },
    Sum { axes: Vec<usize>, keepdims: bool, panel: Panel },
    Max { axes: Vec<usize>, keepdims: bool },
    Argmax { axis: usize, keepdims: bool },
    Matmul { transpose_a: bool, transpose_b: bool, panel: Panel },
    Reshape(Vec<u64>),
    Transpose(Vec<usize>),
    Broadcast(Vec<u64>),
    Slice { start: Vec<u64>, stop: Vec<u64>, step: Vec<u64> },
    Pad { low: Vec<u64>, high: Vec<u64>, interior: Vec<u64>, word: u32 },
    Concat { axis: usize },
    Gather { axis: usize },
    ScatterAdd { axis: usize, size: u64, panel: Panel },
    OneHot { depth: u64 },
    Unfold(Window),
    Fold { size: [u64; 2], window: Window, panel: Panel },
    Fft(Norm),
    Ifft(Norm),
    Rfft(Norm),
    Irfft { norm: Norm, n: u64 },
    Scan { axis: usize, reverse: bool },
    Bits { stream: u32, shape: Vec<u64>, width: u32 },
}

impl Op {
    /// Reads the attributes of the operation of this name.
    ///
    /// # Errors
    /// If there is no such operation, or an attribute is missing, unknown, or not of its kind.
    pub fn parse(name: &str, attributes: &Json) -> Result<Op> {
        let mut fields = attributes.fields()?;
        let op = Op::with_fields(name, &mut fields)?;
        fields.finish()?;
        Ok(op)
    }

    fn with_fields(name: &str, from: &mut Fields<'_>) -> Result<Op> {
        Ok(match name {
            "neg" => Op::Unary(Unary::Neg),
            "abs" => Op::Unary(Unary::Abs),
            "sqrt" => Op::Unary(Unary::Sqrt),
            "exp" => Op::Unary(Unary::Exp),
            "expm1" => Op::Unary(Unary::Expm1),
            "log" => Op::Unary(Unary::Log),
            "log1p" => Op::Unary(Unary::Log1p),
            "tanh" => Op::Unary(Unary::Tanh),
            "erf" => Op::Unary(Unary::Erf),
            "sinpi" => Op::Unary(Unary::Sinpi),
            "cospi" => Op::Unary(Unary::Cospi),
            "add" => Op::Binary(Binary::Add),
            "sub" => Op::Binary(Binary::Sub),
            "mul" => Op::Binary(Binary::Mul),
            "div" => Op::Binary(Binary::Div),
            "maximum" => Op::Binary(Binary::Maximum),
            "minimum" => Op::Binary(Binary::Minimum),
            "fma" => Op::Fma,
            "compare" => Op::Compare(from.take("how", how)?),
            "select" => Op::Select,
            "cast" => Op::Cast(from.take("dtype", dtype)?),
            "constant" => Op::Constant {
                dtype: from.take("dtype", dtype)?,
                shape: from.take("shape", Json::naturals)?,
                word: from.take("word", word)?,
            },
            "sum" => Op::Sum {
                axes: from.take("axes", axes)?,
                keepdims: from.take("keepdims", Json::bool)?,
                panel: from.take("panel", panel)?,
            },
            "max" => Op::Max { axes: from.take("axes", axes)?, keepdims: from.take("keepdims", Json::bool)? },
            "argmax" => Op::Argmax { axis: from.take("axis", axis)?, keepdims: from.take("keepdims", Json::bool)? },
            "matmul" => Op::Matmul {
                transpose_a: from.take("transpose_a", Json::bool)?,
                transpose_b: from.take("transpose_b", Json::bool)?,
                panel: from.take("panel", panel)?,
            },
            "reshape" => Op::Reshape(from.take("shape", Json::naturals)?),
            "transpose" => Op::Transpose(from.take("axes", axes)?),
            "broadcast" => Op::Broadcast(from.take("shape", Json::naturals)?),
            "slice" => Op::Slice {
                start: from.take("start", Json::naturals)?,
                stop: from.take("stop", Json::naturals)?,
                step: from.take("step", Json::naturals)?,
            },
            "pad" => Op::Pad {
                low: from.take("low", Json::naturals)?,
                high: from.take("high", Json::naturals)?,
                interior: from.take("interior", Json::naturals)?,
                word: from.take("word", word)?,
            },
            "concat" => Op::Concat { axis: from.take("axis", axis)? },
            "gather" => Op::Gather { axis: from.take("axis", axis)? },
            "scatter_add" => Op::ScatterAdd {
                axis: from.take("axis", axis)?,
                size: from.take("size", Json::natural)?,
                panel: from.take("panel", panel)?,
            },
            "one_hot" => Op::OneHot { depth: from.take("depth", Json::natural)? },
            "unfold" => Op::Unfold(window(from)?),
            "fold" => {
                Op::Fold { size: from.take("size", tuple)?, window: window(from)?, panel: from.take("panel", panel)? }
            }
            "fft" => Op::Fft(from.take("norm", norm)?),
            "ifft" => Op::Ifft(from.take("norm", norm)?),
            "rfft" => Op::Rfft(from.take("norm", norm)?),
            "irfft" => Op::Irfft { norm: from.take("norm", norm)?, n: from.take("n", Json::natural)? },
            "scan" => Op::Scan { axis: from.take("axis", axis)?, reverse: from.take("reverse", Json::bool)? },
            "bits" => Op::Bits {
                stream: from.take("stream", |json| u32::try_from(json.natural()?).context(|| "a stream"))?,
                shape: from.take("shape", Json::naturals)?,
                width: from.take("width", width)?,
            },
            _ => fail!("unknown operation {name:?}"),
        })
    }
}

fn axis(json: &Json) -> Result<usize> {
    let axis = json.natural()?;
    usize::try_from(axis).context(|| format!("axis {axis}"))
}

fn axes(json: &Json) -> Result<Vec<usize>> {
    json.array()?.iter().map(axis).collect()
}

fn dtype(json: &Json) -> Result<DType> {
    DType::parse(json.string()?)
}

fn panel(json: &Json) -> Result<Panel> {
    match json {
        Json::Null => Ok(Panel::NONE),
        length => Panel::new(length.natural()?),
    }
}

fn word(json: &Json) -> Result<u32> {
    let digits = json.string()?;
    let valid = digits.len() == 8 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    ensure!(valid, "{digits:?} is no word: 8 lower-case hex digits");
    u32::from_str_radix(digits, 16).context(|| "a word")
}

fn how(json: &Json) -> Result<How> {
    Ok(match json.string()? {
        "lt" => How::Lt,
        "le" => How::Le,
        "eq" => How::Eq,
        "ne" => How::Ne,
        "ge" => How::Ge,
        "gt" => How::Gt,
        other => fail!("unknown comparison {other:?}"),
    })
}

fn norm(json: &Json) -> Result<Norm> {
    Ok(match json.string()? {
        "backward" => Norm::Backward,
        "ortho" => Norm::Ortho,
        "forward" => Norm::Forward,
        other => fail!("unknown norm {other:?}; there are backward, ortho and forward"),
    })
}

fn width(json: &Json) -> Result<u32> {
    let width = json.natural()?;
    ensure!((1..=32).contains(&width), "{width} is not in 1 … 32");
    Ok(width as u32)
}

fn tuple<const N: usize>(json: &Json) -> Result<[u64; N]> {
    json.naturals()?
        .try_into()
        .map_err(|list: Vec<u64>| Error::new(format!("expected {N} numbers, found {}", list.len())))
}

fn positive(json: &Json) -> Result<[NonZeroU64; 2]> {
    let [rows, columns] = tuple(json)?;
    let pair = NonZeroU64::new(rows).zip(NonZeroU64::new(columns));
    pair.map(<[_; 2]>::from).ok_or_else(|| Error::new("both numbers must be 1 or more"))
}

fn window(from: &mut Fields<'_>) -> Result<Window> {
    Ok(Window {
        kernel: from.take("kernel", positive)?,
        stride: from.take("stride", positive)?,
        padding: from.take("padding", tuple)?,
        dilation: from.take("dilation", positive)?,
    })
}
