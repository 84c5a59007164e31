//! Operations against the contract spelled out, one element at a time. The vectors have many more cases.

mod common;

use common::{compute, floats, op, tensor, values};
use paragon_reference::attributes::Panel;
use paragon_reference::fma::fma;
use paragon_reference::matmul::matmul;
use paragon_reference::operations::Op;
use paragon_reference::random::draws;
use paragon_reference::tensor::{DType, Tensor};

fn sum_over(axes: &[usize], keepdims: bool, panel: u64) -> Op {
    op("sum", &format!(r#"{{"axes": {axes:?}, "keepdims": {keepdims}, "panel": {panel}}}"#))
}

fn product([a, b]: [bool; 2], panel: u64) -> Op {
    op("matmul", &format!(r#"{{"transpose_a": {a}, "transpose_b": {b}, "panel": {panel}}}"#))
}

/// Finite f32 of many magnitudes, among them zeros of both signs and small integers, whose sums and products meet ties.
fn mixed(stream: u32, shape: &[u64]) -> Tensor {
    let value = |word: u32| match word % 8 {
        0 => 0x0000_0000,
        1 => 0x8000_0000,
        2 | 3 => ((word >> 8) as f32 % 16.0 - 8.0).to_bits(),
        4 => (word & 0x8fff_ffff) | 0x3000_0000,
        5 => word & 0x807f_ffff,
        _ => ((word >> 8) as f32 * 2f32.powi(-23) - 1.0).to_bits(),
    };
    let count = shape.iter().product::<u64>() as usize;
    tensor(DType::F32, shape, draws([9, 9], stream, 0).take(count).map(value).collect())
}

/// The rule of section 3, as it stands there.
fn rule(n: usize, length: usize, step: &dyn Fn(f32, usize) -> f32) -> f32 {
    if n <= length {
        return (0..n).fold(0.0, step);
    }
    let starts: Vec<usize> = (0..n).step_by(length).collect();
    let results: Vec<f32> = starts.iter().map(|&s| (s..n.min(s + length)).fold(0.0, step)).collect();
    rule(results.len(), length, &|acc, i| acc + results[i])
}

#[test]
fn sums() {
    for (n, length) in
        [(0, 2), (1, 2), (2, 2), (3, 2), (9, 2), (1000, 3), (256, 256), (257, 256), (513, 256), (70_000, 256)]
    {
        let x = mixed(1, &[n as u64]);
        let terms = values(&x);
        let wanted = rule(n, length, &|acc, i| acc + terms[i]);
        let sum = sum_over(&[0], false, length as u64);
        assert_eq!(compute(&sum, &[&x]).words(), [wanted.to_bits()], "{n} terms in panels of {length}");
    }
    // Several axes count as one; the order is that of the axes, not of what is left.
    let x = mixed(2, &[5, 3, 7]);
    let sum = sum_over(&[0, 2], false, 4);
    let terms = values(&x);
    for (row, &word) in compute(&sum, &[&x]).words().iter().enumerate() {
        let wanted = rule(35, 4, &|acc, i| acc + terms[i / 7 * 21 + row * 7 + i % 7]);
        assert_eq!(word, wanted.to_bits());
    }
    // A sum starts from +0, even over no axis at all.
    let zeros = floats(&[2], &[-0.0, 1.0]);
    assert_eq!(compute(&sum_over(&[], true, 2), &[&zeros]).words()[0], 0);
}

/// Every path of `matmul` (widths 16, 8, 4 and 1, threads, panels, transposes, batches) against one chain after another.
#[test]
fn products() {
    let sizes: [(usize, usize, usize, u64); 9] = [
        (1, 1, 1, 2),
        (3, 5, 0, 2),
        (2, 7, 9, 2),
        (4, 16, 3, 256),
        (5, 23, 256, 256),
        (3, 29, 257, 256),
        (130, 70, 60, 7),
        (1, 2, 3000, 3),
        (70, 100, 90, 256),
    ];
    for (m, n, k, length) in sizes {
        for transpose in [[false, false], [true, false], [false, true], [true, true]] {
            let shape = |rows: usize, columns: usize, swap: bool| {
                if swap {
                    [columns as u64, rows as u64]
                } else {
                    [rows as u64, columns as u64]
                }
            };
            let (a, b) = (mixed(3, &shape(m, k, transpose[0])), mixed(4, &shape(k, n, transpose[1])));
            let [transpose_a, transpose_b] = transpose;
            let found = compute(&product(transpose, length), &[&a, &b]);
            let (a, b) = (values(&a), values(&b));
            for (place, &word) in found.words().iter().enumerate() {
                let (row, column) = (place / n, place % n);
                let at_a = |i: usize| a[if transpose_a { i * m + row } else { row * k + i }];
                let at_b = |i: usize| b[if transpose_b { column * k + i } else { i * n + column }];
                let wanted = rule(k, length as usize, &|acc, i| fma(at_a(i), at_b(i), acc));
                assert_eq!(
                    word,
                    wanted.to_bits(),
                    "{m} x {n} x {k}, panels of {length}, {transpose:?}, element {place}"
                );
            }
        }
    }
}

#[test]
fn a_row_does_not_depend_on_the_batch() {
    let (a, b) = (mixed(5, &[65, 300]), mixed(6, &[300, 33]));
    let op = product([false; 2], 256);
    let all = compute(&op, &[&a, &b]);
    for row in 0..65 {
        let single = tensor(DType::F32, &[1, 300], a.words()[row * 300..][..300].to_vec());
        assert_eq!(compute(&op, &[&single, &b]).words(), &all.words()[row * 33..][..33]);
    }
}

#[test]
fn batches_broadcast() {
    let (a, b) = (mixed(7, &[2, 1, 3, 4]), mixed(8, &[5, 4, 6]));
    let op = product([false; 2], 2);
    let all = compute(&op, &[&a, &b]);
    assert_eq!(all.shape(), [2, 5, 3, 6]);
    for (place, product) in all.words().chunks_exact(18).enumerate() {
        let left = tensor(DType::F32, &[3, 4], a.words()[place / 5 * 12..][..12].to_vec());
        let right = tensor(DType::F32, &[4, 6], b.words()[place % 5 * 24..][..24].to_vec());
        assert_eq!(compute(&op, &[&left, &right]).words(), product);
    }
}

/// `fold` is the gradient of `unfold`: a pixel gets one term for each place where it appears, added by kernel position.
#[test]
fn fold_is_the_transpose_of_unfold() {
    let window = r#""kernel": [3, 2], "stride": [2, 1], "padding": [1, 2, 0, 1], "dilation": [1, 2]"#;
    let image: Vec<u32> = (0..2 * 3 * 5 * 6).map(|i| i + 1).collect();
    let numbered = tensor(DType::U32, &[2, 3, 5, 6], image);
    let places = compute(&op("unfold", &format!("{{{window}}}")), &[&numbered]);
    let shape: Vec<u64> = places.shape().iter().map(|&n| n as u64).collect();
    let gradient = mixed(9, &shape);
    for length in [2, 4, 256] {
        let op = op("fold", &format!(r#"{{"size": [5, 6], {window}, "panel": {length}}}"#));
        let found = compute(&op, &[&gradient]);
        for (pixel, &word) in found.words().iter().enumerate() {
            // The term of each kernel position, if the pixel appears there.
            let mut terms = [None; 6];
            for (place, _) in places.words().iter().enumerate().filter(|(_, &number)| number == pixel as u32 + 1) {
                terms[place % 6] = Some(f32::from_bits(gradient.words()[place]));
            }
            let wanted = rule(6, length as usize, &|acc, i| terms[i].map_or(acc, |term| acc + term));
            assert_eq!(word, wanted.to_bits(), "pixel {pixel}, panels of {length}");
        }
    }
}

#[test]
fn scatter_add_skips_what_points_elsewhere() {
    let sources = 700;
    let index: Vec<u32> = draws([1, 1], 0, 0).take(sources).map(|word| (word % 7).wrapping_sub(2)).collect();
    let places = tensor(DType::I32, &[7, 100], index.clone());
    let x = mixed(10, &[2, 7, 100, 3]);
    let terms = values(&x);
    for length in [2, 5, 256] {
        let found =
            compute(&op("scatter_add", &format!(r#"{{"axis": 1, "size": 4, "panel": {length}}}"#)), &[&x, &places]);
        assert_eq!(found.shape(), [2, 4, 3]);
        for (at, &word) in found.words().iter().enumerate() {
            let (pre, place, column) = (at / 12, at / 3 % 4, at % 3);
            let term = |i: usize| terms[(pre * sources + i) * 3 + column];
            let wanted =
                rule(sources, length as usize, &|acc, i| if index[i] as usize == place { acc + term(i) } else { acc });
            assert_eq!(word, wanted.to_bits(), "element {at}, panels of {length}");
        }
    }
}

/// Shapes whose dimensions cannot be multiplied, but that have no elements.
#[test]
fn nothing_in_huge_shapes() {
    let limit = (1 << 31) - 1;
    let nothing = tensor(DType::F32, &[limit, limit, limit, 0, limit], vec![]);
    let no_place = tensor(DType::I32, &[0], vec![]);
    let scalar = floats(&[], &[1.0]);
    let sum = compute(&sum_over(&[0, 1, 2, 3, 4], false, 2), &[&nothing]);
    assert_eq!(sum.words(), [0]);
    assert_eq!(
        compute(&op("max", r#"{"axes": [0, 1, 2, 3, 4], "keepdims": false}"#), &[&nothing]).words(),
        [f32::NEG_INFINITY.to_bits()]
    );
    let zeros = "[0, 0, 0, 0, 0]";
    let slice = format!(r#"{{"start": {zeros}, "stop": [9, 9, 9, 0, 9], "step": {:?}}}"#, [limit; 5]);
    let pad = format!(r#"{{"low": {zeros}, "high": {zeros}, "interior": {zeros}, "word": "00000001"}}"#);
    let empty = [
        compute(&op("fma", "{}"), &[&nothing, &scalar, &nothing]),
        compute(&op("transpose", r#"{"axes": [3, 4, 0, 1, 2]}"#), &[&nothing]),
        compute(&op("reshape", r#"{"shape": [0, 2147483647]}"#), &[&nothing]),
        compute(&op("gather", r#"{"axis": 0}"#), &[&nothing, &no_place]),
        compute(&op("slice", &slice), &[&nothing]),
        compute(&op("concat", r#"{"axis": 3}"#), &[&nothing, &nothing]),
        compute(&op("pad", &pad), &[&nothing]),
        compute(&sum_over(&[0], false, 2), &[&nothing]),
        matmul_of_nothing(limit),
    ];
    assert!(empty.iter().all(|value| value.words().is_empty()));
}

fn matmul_of_nothing(limit: u64) -> Tensor {
    let (a, b) = (tensor(DType::F32, &[limit, 0, limit], vec![]), tensor(DType::F32, &[1, limit, 0], vec![]));
    let panel = Panel::new(2).expect("a valid panel");
    assert!(
        matmul(&floats(&[1, 0], &[]), &floats(&[0, 1], &[]), [false; 2], panel, floats(&[1, 1], &[1.0]).ty()) == [0]
    );
    compute(&product([false; 2], 2), &[&a, &b])
}
