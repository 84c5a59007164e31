//! The dtype and shape of an operation's result, by the rules of docs/program.md; everything else is refused.

use crate::error::{ensure, fail, Error, Result};
use crate::op::{Binary, Op, Unary, Window};
use crate::tensor::{DType, Type};

/// The largest number of points of a Fourier transform.
const MAX_POINTS: u64 = 1 << 24;

/// What an operation yields for operands of these types.
///
/// # Errors
/// If number, dtypes or shapes of the operands do not suit the operation and its attributes, or the result is beyond the limits.
pub fn infer(op: &Op, operands: &[&Type]) -> Result<Type> {
    match op {
        Op::Unary(kind) => unary(*kind, exactly(operands)?),
        Op::Binary(kind) => {
            let [x, y] = exactly(operands)?;
            let dtype = same_dtype(&[x, y])?;
            ensure!(*kind != Binary::Div || dtype == DType::F32, "expected f32 operands, found {}", dtype.name());
            broadcast(dtype, &[x, y])
        }
        Op::Fma => {
            let terms: [&Type; 3] = exactly(operands)?;
            terms.iter().try_for_each(|term| expect_dtype(term, DType::F32))?;
            broadcast(DType::F32, &terms)
        }
        Op::Compare(_) => {
            let pair: [&Type; 2] = exactly(operands)?;
            same_dtype(&pair)?;
            broadcast(DType::I32, &pair)
        }
        Op::Select => {
            let [condition, x, y] = exactly(operands)?;
            broadcast(same_dtype(&[x, y])?, &[condition, x, y])
        }
        Op::Cast(dtype) => {
            let [x] = exactly(operands)?;
            Ok(Type { dtype: *dtype, shape: x.shape.clone() })
        }
        Op::Constant { dtype, shape, .. } => {
            let [] = exactly(operands)?;
            Type::new(*dtype, shape)
        }
        Op::Sum { axes, keepdims, .. } | Op::Max { axes, keepdims } => {
            let [x] = exactly(operands)?;
            reduced(x, x.dtype, axes, *keepdims)
        }
        Op::Argmax { axis, keepdims } => {
            let [x] = exactly(operands)?;
            let result = reduced(x, DType::I32, &[*axis], *keepdims)?;
            ensure!(x.shape[*axis] > 0, "axis {axis} of {x} is empty");
            Ok(result)
        }
        Op::Matmul { transpose_a, transpose_b, .. } => matmul(exactly(operands)?, *transpose_a, *transpose_b),
        Op::Reshape(shape) => {
            let [x] = exactly(operands)?;
            let result = Type::new(x.dtype, shape)?;
            ensure!(x.elements() == result.elements(), "{x} has not as many elements as {shape:?}");
            Ok(result)
        }
        Op::Transpose(axes) => {
            let [x] = exactly(operands)?;
            let mut sorted = axes.clone();
            sorted.sort_unstable();
            ensure!(sorted.iter().copied().eq(0..x.shape.len()), "{axes:?} is no permutation of the axes of {x}");
            Ok(Type { dtype: x.dtype, shape: axes.iter().map(|&axis| x.shape[axis]).collect() })
        }
        Op::Broadcast(shape) => {
            let [x] = exactly(operands)?;
            let result = Type::new(x.dtype, shape)?;
            let full = broadcast(x.dtype, &[x, &result])?;
            ensure!(full == result, "{x} does not broadcast to {shape:?}");
            Ok(result)
        }
        Op::Slice { start, stop, step } => slice(exactly(operands)?, [start, stop, step]),
        Op::Pad { low, high, interior, .. } => pad(exactly(operands)?, [low, high, interior]),
        Op::Concat { axis } => concat(operands, *axis),
        Op::Gather { axis } => {
            let [x, index] = exactly(operands)?;
            expect_dtype(index, DType::I32)?;
            expect_axis(x, *axis)?;
            joined(x.dtype, [&x.shape[..*axis], &index.shape, &x.shape[axis + 1..]])
        }
        Op::ScatterAdd { axis, size, .. } => {
            let [x, index] = exactly(operands)?;
            expect_dtype(index, DType::I32)?;
            let post = x.shape.get(*axis..).and_then(|rest| rest.strip_prefix(&index.shape[..]));
            let Some(post) = post else {
                fail!("the shape of {x} does not contain that of the indices, {index}, at axis {axis}");
            };
            joined(x.dtype, [&x.shape[..*axis], &[narrow(*size)?], post])
        }
        Op::OneHot { depth } => {
            let [index] = exactly(operands)?;
            expect_dtype(index, DType::I32)?;
            joined(DType::F32, [&index.shape, &[narrow(*depth)?], &[]])
        }
        Op::Unfold(window) => unfold(exactly(operands)?, window),
        Op::Fold { size, window, .. } => fold(exactly(operands)?, *size, window),
        Op::Fft(_) | Op::Ifft(_) => {
            let [x] = exactly(operands)?;
            let (_, points) = complex_points(x)?;
            expect_points(points as u64)?;
            Ok(x.clone())
        }
        Op::Rfft(_) => {
            let [x] = exactly(operands)?;
            expect_dtype(x, DType::F32)?;
            let [batch @ .., n] = &x.shape[..] else { fail!("expected f32 [..., n], found {x}") };
            expect_points(*n as u64)?;
            joined(DType::F32, [batch, &[n / 2 + 1], &[2]])
        }
        Op::Irfft { n, .. } => {
            let [x] = exactly(operands)?;
            let (batch, points) = complex_points(x)?;
            expect_points(*n)?;
            ensure!(points as u64 == n / 2 + 1, "{n} real points come from {} complex ones, not from {x}", n / 2 + 1);
            joined(DType::F32, [batch, &[narrow(*n)?], &[]])
        }
        Op::Scan { axis, .. } => {
            let [a, b, start] = exactly(operands)?;
            [a, b, start].iter().try_for_each(|operand| expect_dtype(operand, DType::F32))?;
            ensure!(a.shape == b.shape, "{a} and {b} differ in shape");
            expect_axis(a, *axis)?;
            let without = reduced(a, DType::F32, &[*axis], false)?;
            ensure!(*start == without, "the initial value is {start}, it should be {without}");
            Ok(a.clone())
        }
        Op::Bits { shape, .. } => {
            let [seed, step] = exactly(operands)?;
            [seed, step].iter().try_for_each(|operand| expect_dtype(operand, DType::U32))?;
            ensure!(seed.shape == [2], "the seed is {seed}, it should be u32 [2]");
            ensure!(step.shape.is_empty(), "the step is {step}, it should be u32 []");
            Type::new(DType::U32, shape)
        }
    }
}

fn exactly<'a, const N: usize>(operands: &[&'a Type]) -> Result<[&'a Type; N]> {
    <[&Type; N]>::try_from(operands).map_err(|_| Error::new(format!("takes {N} operands, found {}", operands.len())))
}

fn expect_dtype(operand: &Type, dtype: DType) -> Result<()> {
    ensure!(operand.dtype == dtype, "expected an operand of dtype {}, found {operand}", dtype.name());
    Ok(())
}

fn expect_axis(operand: &Type, axis: usize) -> Result<()> {
    ensure!(axis < operand.shape.len(), "{operand} has no axis {axis}");
    Ok(())
}

/// The batch and the n of complex points [..., n, 2].
fn complex_points(x: &Type) -> Result<(&[usize], usize)> {
    expect_dtype(x, DType::F32)?;
    match &x.shape[..] {
        [batch @ .., n, 2] => Ok((batch, *n)),
        _ => fail!("expected complex points, f32 [..., n, 2], found {x}"),
    }
}

fn expect_points(n: u64) -> Result<()> {
    ensure!((1..=MAX_POINTS).contains(&n), "a transform has 1 to {MAX_POINTS} points, not {n}");
    Ok(())
}

fn same_dtype(operands: &[&Type]) -> Result<DType> {
    let dtype = operands[0].dtype;
    match operands.iter().find(|operand| operand.dtype != dtype) {
        Some(other) => fail!("{} and {other} differ in dtype", operands[0]),
        None => Ok(dtype),
    }
}

/// A shape in the type of the attributes.
fn wide(shape: &[usize]) -> Vec<u64> {
    shape.iter().map(|&dimension| dimension as u64).collect()
}

/// An attribute as a dimension; the limits come later.
fn narrow(dimension: u64) -> Result<usize> {
    usize::try_from(dimension).map_err(|_| Error::new(format!("{dimension} is above the limit of a dimension")))
}

fn joined(dtype: DType, parts: [&[usize]; 3]) -> Result<Type> {
    Type::new(dtype, &wide(&parts.concat()))
}

/// NumPy's rule: aligned at the last axis, dimensions of 1 stretch.
fn broadcast_shape(shapes: &[&[usize]]) -> Result<Vec<usize>> {
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

fn broadcast(dtype: DType, operands: &[&Type]) -> Result<Type> {
    let shapes: Vec<&[usize]> = operands.iter().map(|operand| &operand.shape[..]).collect();
    Type::new(dtype, &wide(&broadcast_shape(&shapes)?))
}

fn unary(kind: Unary, [x]: [&Type; 1]) -> Result<Type> {
    let suits = match kind {
        Unary::Neg => true,
        Unary::Abs => x.dtype != DType::U32,
        _ => x.dtype == DType::F32,
    };
    ensure!(suits, "does not take an operand of dtype {}", x.dtype.name());
    Ok(x.clone())
}

fn reduced(x: &Type, dtype: DType, axes: &[usize], keepdims: bool) -> Result<Type> {
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

fn matmul(pair: [&Type; 2], transpose_a: bool, transpose_b: bool) -> Result<Type> {
    let mut parts = Vec::new();
    for (operand, transposed) in pair.into_iter().zip([transpose_a, transpose_b]) {
        expect_dtype(operand, DType::F32)?;
        let [batch @ .., rows, columns] = &operand.shape[..] else {
            fail!("expected a matrix or a batch of them, found {operand}");
        };
        parts.push((batch, if transposed { (*columns, *rows) } else { (*rows, *columns) }));
    }
    let ((batch_a, (m, k)), (batch_b, (k_b, n))) = (parts[0], parts[1]);
    ensure!(k == k_b, "the inner dimensions of {} and {}, {k} and {k_b}, differ", pair[0], pair[1]);
    let batch = broadcast_shape(&[batch_a, batch_b])?;
    joined(DType::F32, [&batch, &[m], &[n]])
}

fn expect_lengths(x: &Type, lists: [&[u64]; 3]) -> Result<()> {
    let rank = x.shape.len();
    ensure!(
        lists.iter().all(|list| list.len() == rank),
        "every list must have {rank} numbers, one for each axis of {x}"
    );
    Ok(())
}

fn slice([x]: [&Type; 1], [start, stop, step]: [&[u64]; 3]) -> Result<Type> {
    expect_lengths(x, [start, stop, step])?;
    let mut shape = Vec::new();
    for (axis, &dimension) in x.shape.iter().enumerate() {
        let (start, stop, step) = (start[axis], stop[axis], step[axis]);
        let valid = start <= stop && stop <= dimension as u64 && step >= 1;
        ensure!(valid, "axis {axis} of {x} has no slice {start}:{stop}:{step}");
        shape.push((stop - start).div_ceil(step));
    }
    Type::new(x.dtype, &shape)
}

fn pad([x]: [&Type; 1], [low, high, interior]: [&[u64]; 3]) -> Result<Type> {
    expect_lengths(x, [low, high, interior])?;
    let padded = |axis: usize| {
        let dimension = x.shape[axis] as u64;
        let gaps = dimension.saturating_sub(1).checked_mul(interior[axis])?;
        low[axis].checked_add(dimension)?.checked_add(gaps)?.checked_add(high[axis])
    };
    let shape: Option<Vec<u64>> = (0..x.shape.len()).map(padded).collect();
    let Some(shape) = shape else { fail!("the padded shape of {x} is beyond the limits") };
    Type::new(x.dtype, &shape)
}

fn concat(operands: &[&Type], axis: usize) -> Result<Type> {
    let [first, ..] = operands else { fail!("takes one operand or more") };
    let dtype = same_dtype(operands)?;
    expect_axis(first, axis)?;
    let mut shape = wide(&first.shape);
    shape[axis] = 0;
    for operand in operands {
        let fits = operand.shape.len() == shape.len()
            && (0..shape.len()).all(|i| i == axis || operand.shape[i] == first.shape[i]);
        ensure!(fits, "{first} and {operand} differ in more than axis {axis}");
        shape[axis] += operand.shape[axis] as u64; // at most 2^64 / 2^31 operands: cannot overflow
    }
    Type::new(dtype, &shape)
}

/// The number of windows over an image, rows and columns.
fn windows(window: &Window, size: [usize; 2]) -> Result<[u64; 2]> {
    let counts = window.count(0, size[0]).zip(window.count(1, size[1]));
    counts
        .map(<[u64; 2]>::from)
        .ok_or_else(|| Error::new(format!("not one window fits into the padded image {size:?}")))
}

fn unfold([x]: [&Type; 1], window: &Window) -> Result<Type> {
    let [n, c, h, w] = x.shape[..] else { fail!("expected (N, C, H, W), found {x}") };
    let [rows, columns] = windows(window, [h, w])?;
    let terms = window.taps().and_then(|taps| taps.checked_mul(c as u64));
    let Some(terms) = terms else { fail!("the kernel is beyond the limits") };
    Type::new(x.dtype, &[n as u64, rows, columns, terms])
}

fn fold([x]: [&Type; 1], size: [u64; 2], window: &Window) -> Result<Type> {
    let [n, rows, columns, terms] = x.shape[..] else { fail!("expected (N, OH, OW, C*kh*kw), found {x}") };
    let taps = window.taps().filter(|taps| terms as u64 % taps == 0);
    let Some(taps) = taps else { fail!("the last axis of {x} is no multiple of the kernel's size") };
    let expected = windows(window, [narrow(size[0])?, narrow(size[1])?])?;
    ensure!(expected == [rows as u64, columns as u64], "an image {size:?} has {expected:?} windows, {x} has not");
    Type::new(x.dtype, &[n as u64, terms as u64 / taps, size[0], size[1]])
}
