//! One operation on tensors: the table that leads from a checked operation to what computes it.

use crate::op::Op;
use crate::tensor::{Tensor, Type};
use crate::{elementwise, fft, matmul, movement, random, reduce};

/// Computes an operation. Operands and result type must have been checked by [`crate::shapes::infer`].
pub fn evaluate(op: &Op, operands: &[&Tensor], result: &Type) -> Tensor {
    // With no elements there is nothing to compute, and dimensions may be too large for products of them.
    let words = if result.elements() == 0 { Vec::new() } else { words(op, operands, result) };
    Tensor::new(result.clone(), words)
}

fn words(op: &Op, operands: &[&Tensor], result: &Type) -> Vec<u32> {
    match (op, operands) {
        (Op::Unary(kind), [x]) => elementwise::unary(*kind, x),
        (Op::Binary(kind), [x, y]) => elementwise::binary(*kind, x, y, result),
        (Op::Fma, [x, y, z]) => elementwise::fused(x, y, z, result),
        (Op::Compare(how), [x, y]) => elementwise::compare(*how, x, y, result),
        (Op::Select, [condition, x, y]) => elementwise::select(condition, x, y, result),
        (Op::Cast(dtype), [x]) => elementwise::cast(x, *dtype),
        (Op::Constant { word, .. }, []) => vec![*word; result.elements()],
        (Op::Sum { axes, panel, .. }, [x]) => reduce::sum(x, axes, *panel, result),
        (Op::Max { axes, .. }, [x]) => reduce::max(x, axes, result),
        (Op::Argmax { axis, .. }, [x]) => reduce::argmax(x, *axis, result),
        (Op::Matmul { transpose_a, transpose_b, panel }, [a, b]) => {
            matmul::matmul(a, b, [*transpose_a, *transpose_b], *panel, result)
        }
        (Op::Reshape(_), [x]) => x.words().to_vec(),
        (Op::Transpose(axes), [x]) => movement::transposed(x.words(), x.shape(), axes),
        (Op::Broadcast(_), [x]) => movement::broadcast(x, &result.shape).into_owned(),
        (Op::Slice { start, step, .. }, [x]) => movement::slice(x, start, step, result),
        (Op::Pad { low, interior, word, .. }, [x]) => movement::pad(x, low, interior, *word, result),
        (Op::Concat { axis }, operands) => movement::concat(operands, *axis, result),
        (Op::Gather { axis }, [x, index]) => movement::gather(x, index, *axis, result),
        (Op::ScatterAdd { axis, panel, .. }, [x, index]) => reduce::scatter_add(x, index, *axis, *panel, result),
        (Op::OneHot { .. }, [index]) => movement::one_hot(index, result),
        (Op::Unfold(window), [x]) => movement::unfold(x, window, result),
        (Op::Fold { window, panel, .. }, [x]) => reduce::fold(x, window, *panel, result),
        (Op::Fft(norm), [x]) => fft::fft(x, *norm),
        (Op::Ifft(norm), [x]) => fft::ifft(x, *norm),
        (Op::Rfft(norm), [x]) => fft::rfft(x, *norm),
        (Op::Irfft { norm, n }, [x]) => fft::irfft(x, *norm, *n as usize),
        (Op::Scan { axis, reverse }, [a, b, start]) => reduce::scan(a, b, start, *axis, *reverse),
        (Op::Bits { stream, width, .. }, [seed, step]) => {
            let seed = [seed.words()[0], seed.words()[1]];
            random::bits(seed, step.words()[0], *stream, *width, result.elements())
        }
        _ => unreachable!("checked: the number of operands suits the operation"),
    }
}
