//! How long things take: `cargo run --release --example speed`. Shares of an MLP step 784-128-10 with batch 64, and the
//! elementary functions.

use paragon_reference::attributes::Panel;
use paragon_reference::elementary;
use paragon_reference::matmul::matmul;
use paragon_reference::random::draws;
use paragon_reference::tensor::{DType, Tensor, Type};
use std::hint::black_box;
use std::time::Instant;

/// f32 in [-1, 1).
fn uniform(stream: u32, shape: &[u64]) -> Tensor {
    let ty = Type::new(DType::F32, shape).expect("a shape within the limits");
    let count = ty.elements();
    let words = draws([1, 2], stream, 0).take(count).map(|word| ((word >> 8) as f32 * 2f32.powi(-23) - 1.0).to_bits());
    Tensor::new(ty, words.collect())
}

/// The shortest of several runs, in seconds.
fn shortest(mut run: impl FnMut()) -> f64 {
    let times = (0..10).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}

fn main() {
    let mut step = 0.0;
    let panel = Panel::new(256).expect("a valid panel");
    // m, n, k, and whether a or b is transposed: forward, gradients of weights, gradient of the hidden layer.
    let products: [(u64, u64, u64, [bool; 2]); 5] = [
        (64, 128, 784, [false, false]),
        (64, 10, 128, [false, false]),
        (128, 10, 64, [true, false]),
        (64, 128, 10, [false, true]),
        (784, 128, 64, [true, false]),
    ];
    for (m, n, k, transpose) in products {
        let a = uniform(0, &if transpose[0] { [k, m] } else { [m, k] });
        let b = uniform(1, &if transpose[1] { [n, k] } else { [k, n] });
        let result = Type::new(DType::F32, &[m, n]).expect("a shape within the limits");
        let seconds = shortest(|| drop(black_box(matmul(&a, &b, transpose, panel, &result))));
        println!("matmul {m} x {n} x {k} {transpose:?}: {:.3} ns a fma", seconds * 1e9 / (m * n * k) as f64);
        step += seconds;
    }
    println!("all products of an MLP step 784-128-10, batch 64: {:.2} ms", step * 1e3);

    type Function = fn(f32) -> f32;
    let functions: [(&str, Function); 8] = [
        ("exp", elementary::exp),
        ("expm1", elementary::expm1),
        ("log", |x| elementary::log(x.abs())),
        ("log1p", |x| elementary::log1p(x.abs())),
        ("tanh", elementary::tanh),
        ("erf", elementary::erf),
        ("sinpi", elementary::sinpi),
        ("cospi", elementary::cospi),
    ];
    let arguments: Vec<f32> = uniform(2, &[100_000]).words().iter().map(|&word| 4.0 * f32::from_bits(word)).collect();
    for (name, function) in functions {
        let seconds = shortest(|| drop(black_box(arguments.iter().map(|&x| function(x)).collect::<Vec<f32>>())));
        println!("{name}: {:.0} ns", seconds * 1e9 / arguments.len() as f64);
    }
}
