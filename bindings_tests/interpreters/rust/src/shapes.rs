//! What the shape rules of several operations share.

use crate::error::{ensure, fail, Error, Result};
use crate::tensor::{DType, Type};

pub(crate) fn expect_dtype(operand: &Type, dtype: DType) -> Result<()> {
    ensure!(operand.dtype == dtype, "expected an operand of dtype {}, found {operand}", dtype.name());
    Ok(())
}

pub(crate) fn expect_axis(operand: &Type, axis: usize) -> Result<()> {
    ensure!(axis < operand.shape.len(), "{operand} has no axis {axis}");
    Ok(())
}

pub(crate) fn same_dtype(operands: &[&Type]) -> Result<DType> {
    let dtype = operands[0].dtype;
    match operands.iter().find(|operand| operand.dtype != dtype) {
        Some(other) => fail!("{} and {other} differ in dtype", operands[0]),
        None => Ok(dtype),
    }
}

/// A shape in the type of the attributes.
pub(crate) fn wide(shape: &[usize]) -> Vec<u64> {
    shape.iter().map(|&dimension| dimension as u64).collect()
}

/// An attribute as a dimension; the limits come later.
pub(crate) fn narrow(dimension: u64) -> Result<usize> {
    usize::try_from(dimension).map_err(|_| Error::new(format!("{dimension} is above the limit of a dimension")))
}

pub(crate) fn joined(dtype: DType, parts: [&[usize]; 3]) -> Result<Type> {
    Type::new(dtype, &wide(&parts.concat()))
}

/// NumPy's rule: aligned at the last axis, dimensions of 1 stretch.
pub(crate) fn broadcast_shape(shapes: &[&[usize]]) -> Result<Vec<usize>> {
    let rank = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let mut result = vec![1; rank];
    for shape in shapes {
        for (axis, &dimension) in shape.iter().enumerate() {
            let known = &mut result[rank - shape.len() + axis];
            match (*known, dimension) {
                (1, _) => *known = dimension,
                (known, dimension) if known == dimension || dimension == 1 => (),
                _ => fail!("shapes {shapes:?} do not broadcast"),
            }
        }
    }
    Ok(result)
}

pub(crate) fn broadcast(dtype: DType, operands: &[&Type]) -> Result<Type> {
    let shapes: Vec<&[usize]> = operands.iter().map(|operand| &operand.shape[..]).collect();
    Type::new(dtype, &wide(&broadcast_shape(&shapes)?))
}

pub(crate) fn reduced(x: &Type, dtype: DType, axes: &[usize], keepdims: bool) -> Result<Type> {
    ensure!(axes.is_sorted_by(|a, b| a < b), "axes {axes:?} are not ascending and distinct");
    axes.iter().try_for_each(|&axis| expect_axis(x, axis))?;
    let mut shape = Vec::new();
    for (axis, &dimension) in x.shape.iter().enumerate() {
        match (axes.contains(&axis), keepdims) {
            (false, _) => shape.push(dimension as u64),
            (true, true) => shape.push(1),
            (true, false) => (),
        }
    }
    Type::new(dtype, &shape)
}
