//! The table of operations, put together from the families: each declares its own beside their kernels.

use crate::attributes::{Attribute, Attributes};
use crate::error::{fail, Result};
use crate::json::{quote, Json};
use crate::tensor::{Tensor, Type};
use crate::{elementwise, fft, indexed, matmul, movement, reduce, sequence, window};

/// What an operation yields for operands of these types, or what is wrong with them.
pub type Infer = fn(&[&Type], &Attributes) -> Result<Type>;
/// The words of an operation's result, which has at least one element; everything was checked.
pub type Run = fn(&[&Tensor], &Attributes, &Type) -> Vec<u32>;

/// A row of the table: all that is said of an operation in one place.
#[derive(Debug)]
pub struct Definition {
    /// Its name in a program.
    pub name: &'static str,
    /// The number of operands; nothing: one or more.
    pub arity: Option<usize>,
    /// Its attributes, in order.
    pub attributes: &'static [Attribute],
    /// Its shape rule.
    pub infer: Infer,
    /// Its kernel.
    pub run: Run,
}

const FAMILIES: [&[Definition]; 8] = [
    elementwise::OPERATIONS,
    reduce::OPERATIONS,
    matmul::OPERATIONS,
    movement::OPERATIONS,
    indexed::OPERATIONS,
    window::OPERATIONS,
    fft::OPERATIONS,
    sequence::OPERATIONS,
];

/// All operations.
pub fn operations() -> impl Iterator<Item = &'static Definition> {
    FAMILIES.into_iter().flatten()
}

impl Definition {
    /// How the operation is written in a program, as JSON.
    pub fn signature(&self) -> String {
        let arity = self.arity.map_or("null".to_owned(), |arity| arity.to_string());
        let attributes: Vec<String> = self.attributes.iter().map(|attribute| quote(attribute.name)).collect();
        format!("{{\"name\":{},\"arity\":{arity},\"attributes\":[{}]}}", quote(self.name), attributes.join(","))
    }
}

impl PartialEq for Definition {
    /// Rows of the table have different names.
    fn eq(&self, other: &Definition) -> bool {
        self.name == other.name
    }
}

/// An operation with its attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Op {
    definition: &'static Definition,
    attributes: Attributes,
}

impl Op {
    /// Reads the attributes of the operation of this name.
    ///
    /// # Errors
    /// If there is no such operation, or an attribute is missing, unknown, or not of its form.
    pub fn parse(name: &str, attributes: &Json) -> Result<Op> {
        let Some(definition) = operations().find(|definition| definition.name == name) else {
            fail!("unknown operation {name:?}");
        };
        Ok(Op { definition, attributes: Attributes::read(definition.attributes, attributes)? })
    }

    /// What the operation yields for operands of these types.
    ///
    /// # Errors
    /// If number, dtypes or shapes of the operands do not suit the operation and its attributes, or the result is beyond the
    /// limits.
    pub fn infer(&self, operands: &[&Type]) -> Result<Type> {
        match self.definition.arity {
            Some(arity) if operands.len() != arity => fail!("takes {arity} operands, found {}", operands.len()),
            None if operands.is_empty() => fail!("takes one operand or more"),
            _ => (self.definition.infer)(operands, &self.attributes),
        }
    }

    /// Computes the operation. Operands and result type must have been checked by [`Op::infer`].
    pub fn evaluate(&self, operands: &[&Tensor], result: &Type) -> Tensor {
        // With no elements there is nothing to compute, and dimensions may be too large for products of them.
        let empty = result.elements() == 0;
        let words = if empty { Vec::new() } else { (self.definition.run)(operands, &self.attributes, result) };
        Tensor::new(result.clone(), words)
    }
}

/// The operands of an operation of arity N, or the numbers of an attribute that has N of them.
pub(crate) fn exactly<T: Copy, const N: usize>(list: &[T]) -> [T; N] {
    list.try_into().expect("checked: as many as the table declares")
}
