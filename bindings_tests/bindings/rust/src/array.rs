//! Arrays on their way into and out of a session.

use crate::Error;
use std::ffi::c_void;

/// What the elements of an array are.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DType {
    F32,
    I32,
    U32,
}

/// The name, dtype and shape of an input, state or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The name in the program.
    pub name: String,
    /// What the elements are.
    pub dtype: DType,
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// The number of elements.
    pub elements: usize,
}

/// Borrowed elements, row-major: what a session reads.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slice<'a> {
    F32(&'a [f32]),
    I32(&'a [i32]),
    U32(&'a [u32]),
}

/// Owned elements, row-major: what a session writes.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq)]
pub enum Array {
    F32(Vec<f32>),
    I32(Vec<i32>),
    U32(Vec<u32>),
}

impl Slice<'_> {
    fn parts(&self) -> (DType, usize, *const c_void) {
        match self {
            Slice::F32(values) => (DType::F32, values.len(), values.as_ptr().cast()),
            Slice::I32(values) => (DType::I32, values.len(), values.as_ptr().cast()),
            Slice::U32(values) => (DType::U32, values.len(), values.as_ptr().cast()),
        }
    }

    /// The address, once dtype and number of elements are known to be right: the library reads that many.
    pub(crate) fn address_for(&self, spec: &Spec) -> Result<*const c_void, Error> {
        let (dtype, elements, address) = self.parts();
        if (dtype, elements) == (spec.dtype, spec.elements) {
            Ok(address)
        } else {
            Err(Error::new(format!(
                "{:?} has {elements} elements of {dtype:?}; it should have {} of {:?}, shape {:?}",
                spec.name, spec.elements, spec.dtype, spec.shape
            )))
        }
    }
}

impl Array {
    pub(crate) fn zeros(spec: &Spec) -> Array {
        match spec.dtype {
            DType::F32 => Array::F32(vec![0.0; spec.elements]),
            DType::I32 => Array::I32(vec![0; spec.elements]),
            DType::U32 => Array::U32(vec![0; spec.elements]),
        }
    }

    pub(crate) fn address(&mut self) -> *mut c_void {
        match self {
            Array::F32(values) => values.as_mut_ptr().cast(),
            Array::I32(values) => values.as_mut_ptr().cast(),
            Array::U32(values) => values.as_mut_ptr().cast(),
        }
    }

    /// The elements, if they are f32.
    pub fn f32(&self) -> Option<&[f32]> {
        match self {
            Array::F32(values) => Some(values),
            _ => None,
        }
    }
}

macro_rules! slices_from {
    ($($variant:ident $element:ty)*) => {$(
        impl<'a> From<&'a [$element]> for Slice<'a> {
            fn from(values: &'a [$element]) -> Self {
                Slice::$variant(values)
            }
        }
        impl<'a> From<&'a Vec<$element>> for Slice<'a> {
            fn from(values: &'a Vec<$element>) -> Self {
                Slice::$variant(values)
            }
        }
    )*};
}

slices_from!(F32 f32 I32 i32 U32 u32);
