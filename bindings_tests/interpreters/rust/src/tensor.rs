//! Tensors as the contract has them: dense, row-major, of 32-bit words; and walks over them.

use crate::error::{ensure, fail, Result};
use std::fmt;

/// The word that stands for every NaN wherever words are observed.
pub const NAN_WORD: u32 = 0x7fc0_0000;
/// The largest dimension, and the largest number of elements.
pub const MAX_ELEMENTS: u64 = (1 << 31) - 1;
/// The largest number of axes.
pub const MAX_RANK: usize = 8;

/// What the words of a tensor mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DType {
    /// IEEE 754 binary32.
    F32,
    /// Two's complement.
    I32,
    /// Unsigned.
    U32,
}

impl DType {
    /// All dtypes.
    pub const ALL: [DType; 3] = [DType::F32, DType::I32, DType::U32];

    /// The name in programs and fingerprints.
    pub fn name(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::I32 => "i32",
            DType::U32 => "u32",
        }
    }

    /// The dtype of this name.
    pub fn parse(name: &str) -> Result<DType> {
        match Self::ALL.into_iter().find(|dtype| dtype.name() == name) {
            Some(dtype) => Ok(dtype),
            None => fail!("unknown dtype {name:?}; there are f32, i32 and u32"),
        }
    }
}

/// Dtype and shape, within the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// What the words mean.
    pub dtype: DType,
    /// The length of each axis.
    pub shape: Vec<usize>,
}

impl Type {
    /// # Errors
    /// If the shape is beyond the limits of rank, dimension and number of elements.
    pub fn new(dtype: DType, shape: &[u64]) -> Result<Type> {
        ensure!(shape.len() <= MAX_RANK, "rank {} is above the limit of {MAX_RANK}", shape.len());
        if let Some(dimension) = shape.iter().find(|&&dimension| dimension > MAX_ELEMENTS) {
            fail!("dimension {dimension} is above the limit of {MAX_ELEMENTS}");
        }
        let elements = if shape.contains(&0) {
            Some(0)
        } else {
            shape.iter().try_fold(1u64, |product, &dimension| product.checked_mul(dimension))
        };
        ensure!(
            elements.is_some_and(|elements| elements <= MAX_ELEMENTS),
            "shape {shape:?} has more than {MAX_ELEMENTS} elements"
        );
        Ok(Type { dtype, shape: shape.iter().map(|&dimension| dimension as usize).collect() })
    }

    /// The number of elements.
    pub fn elements(&self) -> usize {
        if self.shape.contains(&0) {
            0
        } else {
            self.shape.iter().product()
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.dtype.name(), self.shape)
    }
}

/// A value: a type and its words in row-major order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    ty: Type,
    words: Vec<u32>,
}

impl Tensor {
    /// # Panics
    /// If the number of words is not that of the type: a fault of the caller.
    pub fn new(ty: Type, words: Vec<u32>) -> Tensor {
        assert_eq!(ty.elements(), words.len(), "words for {ty}");
        Tensor { ty, words }
    }

    /// Dtype and shape.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// The length of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.ty.shape
    }

    /// The words, row-major.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The words as an observer sees them: every NaN is [`NAN_WORD`].
    pub fn observed(&self) -> impl Iterator<Item = u32> + '_ {
        let float = self.ty.dtype == DType::F32;
        self.words.iter().map(move |&word| if float && f32::from_bits(word).is_nan() { NAN_WORD } else { word })
    }
}

/// The distance between neighbours on each axis, row-major. Of no use, but harmless, where there are no elements.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = shape[axis].wrapping_mul(strides[axis]);
    }
    strides
}

/// The strides that walk over a tensor of shape `from` as if it were broadcast to `to`.
pub fn broadcast_strides(from: &[usize], to: &[usize]) -> Vec<usize> {
    let mut result = vec![0; to.len() - from.len()];
    let pairs = from.iter().zip(strides(from));
    result.extend(pairs.map(|(&dimension, stride)| if dimension == 1 { 0 } else { stride }));
    result
}

/// The offsets `start + sum of index[axis]*stride[axis]` for all indices of a shape, in row-major order.
pub struct Walk<'a> {
    shape: &'a [usize],
    strides: &'a [usize],
    index: [usize; MAX_RANK],
    offset: usize,
    left: usize,
}

impl<'a> Walk<'a> {
    /// A walk over `shape`, which has as many axes as there are strides.
    pub fn new(shape: &'a [usize], start: usize, strides: &'a [usize]) -> Walk<'a> {
        let left = if shape.contains(&0) { 0 } else { shape.iter().product() };
        Walk { shape, strides, index: [0; MAX_RANK], offset: start, left }
    }
}

impl Iterator for Walk<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let offset = self.offset;
        for axis in (0..self.shape.len()).rev() {
            self.index[axis] += 1;
            self.offset += self.strides[axis];
            if self.index[axis] < self.shape[axis] {
                break;
            }
            self.offset -= self.strides[axis] * self.shape[axis];
            self.index[axis] = 0;
        }
        Some(offset)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
