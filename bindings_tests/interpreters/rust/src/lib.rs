//! A reference interpreter of Paragon programs, written from the numeric contract (docs/contract.md) and the program
//! format (docs/program.md) alone. It has no dependency and shares no code with any other executor; it is meant to be
//! read, and to give every word as the contract has it, on every platform that has IEEE 754 f64 arithmetic.

#![forbid(unsafe_code)]

pub mod attributes;
#[cfg(test)]
#[path = "../tests/big/mod.rs"]
mod big;
pub mod double_double;
pub mod elementary;
pub mod elementwise;
pub mod error;
pub mod fft;
pub mod fingerprint;
pub mod fma;
pub mod fourier;
pub mod indexed;
pub mod job;
pub mod json;
pub mod kinds;
pub mod matmul;
pub mod movement;
pub mod operations;
pub mod program;
pub mod random;
pub mod reduce;
mod replace;
pub mod run;
pub mod safetensors;
pub mod sequence;
pub mod sha256;
pub mod shapes;
pub mod tensor;
pub mod twiddle;
pub mod vectors;
pub mod window;
