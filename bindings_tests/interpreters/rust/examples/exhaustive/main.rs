//! Holds an elementary function to the right words, which `words.c` makes with MPFR and this reads from standard input:
//!
//! ```text
//! cc -O2 -o words examples/exhaustive/words.c -lmpfr -lm
//! ./words exp 0 1 | cargo run --release --example exhaustive -- exp 0 1
//! ```
//!
//! The numbers are the first argument word and the step to the next; with 0 1 it runs through all 2^32.

use paragon_reference::elementary;
use paragon_reference::tensor::NAN_WORD;
use std::error::Error;
use std::io::{stdin, BufReader, ErrorKind, Read};

type Function = fn(f32) -> f32;

const FUNCTIONS: [(&str, Function); 8] = [
    ("exp", elementary::exp),
    ("expm1", elementary::expm1),
    ("log", elementary::log),
    ("log1p", elementary::log1p),
    ("tanh", elementary::tanh),
    ("erf", elementary::erf),
    ("sinpi", elementary::sinpi),
    ("cospi", elementary::cospi),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, first, stride] = &arguments[..] else { return Err("usage: exhaustive FUNCTION FIRST STRIDE".into()) };
    let (_, function) = FUNCTIONS.into_iter().find(|(known, _)| known == name).ok_or("no such function")?;
    let (first, stride): (u32, usize) = (first.parse()?, stride.parse()?);
    let mut input = BufReader::with_capacity(1 << 20, stdin().lock());
    let (mut compared, mut wrong) = (0u64, 0u64);
    for word in (first..=u32::MAX).step_by(stride) {
        let mut right = [0; 4];
        match input.read_exact(&mut right) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Err("the right words end too early".into())
            }
            other => other?,
        }
        let result = function(f32::from_bits(word));
        let found = if result.is_nan() { NAN_WORD } else { result.to_bits() };
        let right = u32::from_ne_bytes(right);
        if found != right {
            wrong += 1;
            eprintln!("{name}({word:08x}) gives {found:08x}, right is {right:08x}");
        }
        compared += 1;
    }
    println!("{name}: {compared} results compared, {wrong} wrong");
    if wrong == 0 {
        Ok(())
    } else {
        Err("wrong results".into())
    }
}
