//! What several tests use: tensors and small programs.
#![allow(dead_code)] // each test file uses a part of it

use paragon_reference::fingerprint::Tensors;
use paragon_reference::json::Json;
use paragon_reference::operations::Op;
use paragon_reference::safetensors::Safetensors;
use paragon_reference::tensor::{DType, Tensor, Type};

pub fn tensor(dtype: DType, shape: &[u64], words: Vec<u32>) -> Tensor {
    Tensor::new(Type::new(dtype, shape).expect("a shape within the limits"), words)
}

pub fn floats(shape: &[u64], values: &[f32]) -> Tensor {
    tensor(DType::F32, shape, values.iter().map(|value| value.to_bits()).collect())
}

pub fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.words().iter().map(|&word| f32::from_bits(word)).collect()
}

pub fn tensors<const N: usize>(list: [(&str, Tensor); N]) -> Tensors {
    list.map(|(name, tensor)| (name.to_owned(), tensor)).into()
}

pub fn file<const N: usize, const M: usize>(metadata: [(&str, &str); N], list: [(&str, Tensor); M]) -> Safetensors {
    let metadata = metadata.map(|(key, text)| (key.to_owned(), text.to_owned())).into();
    Safetensors { metadata, tensors: tensors(list) }
}

/// An operation with its attributes as a program has them.
pub fn op(name: &str, attributes: &str) -> Op {
    Op::parse(name, &Json::parse(attributes).expect("JSON")).expect("an operation with its attributes")
}

/// The value of an operation.
pub fn compute(op: &Op, operands: &[&Tensor]) -> Tensor {
    let types: Vec<&Type> = operands.iter().map(|operand| operand.ty()).collect();
    let result = op.infer(&types).expect("operands that suit the operation");
    op.evaluate(operands, &result)
}

/// y = x w; a step of gradient descent for the sum of y: w - x^T 1 / 8; and a counter of steps.
pub const LINEAR: &str = r#"{
  "format": "paragon-program", "version": 1, "contract": 1, "meta": {"name": "a test"},
  "inputs": [{"name": "x", "dtype": "f32", "shape": [4, 3]}],
  "state": [{"name": "w", "dtype": "f32", "shape": [3, 2]}, {"name": "step", "dtype": "u32", "shape": []}],
  "operations": [
    {"op": "matmul", "inputs": [0, 1], "output": 3, "dtype": "f32", "shape": [4, 2],
     "attributes": {"transpose_a": false, "transpose_b": false, "panel": 256}},
    {"op": "constant", "inputs": [], "output": 4, "dtype": "f32", "shape": [4, 2],
     "attributes": {"dtype": "f32", "shape": [4, 2], "word": "be000000"}},
    {"op": "matmul", "inputs": [0, 4], "output": 5, "dtype": "f32", "shape": [3, 2],
     "attributes": {"transpose_a": true, "transpose_b": false, "panel": null}},
    {"op": "add", "inputs": [1, 5], "output": 6, "dtype": "f32", "shape": [3, 2], "attributes": {}},
    {"op": "constant", "inputs": [], "output": 7, "dtype": "u32", "shape": [],
     "attributes": {"dtype": "u32", "shape": [], "word": "00000001"}},
    {"op": "add", "inputs": [2, 7], "output": 8, "dtype": "u32", "shape": [], "attributes": {}}
  ],
  "outputs": [{"name": "y", "value": 3}, {"name": "old step", "value": 2}],
  "updates": [{"state": "w", "value": 6}, {"state": "step", "value": 8}]
}"#;

/// The state that `LINEAR` starts from.
pub fn linear_state() -> [(&'static str, Tensor); 2] {
    [("w", floats(&[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])), ("step", tensor(DType::U32, &[], vec![7]))]
}

/// Rows of small integers for `LINEAR`.
pub fn rows(count: u64) -> Tensor {
    let values: Vec<f32> = (0..3 * count).map(|i| (i * 7 % 11) as f32).collect();
    floats(&[count, 3], &values)
}

/// A training job of `LINEAR` over ten rows.
pub fn linear_job(settings: &str) -> Safetensors {
    let [w, step] = linear_state();
    let metadata = [("format", "paragon-job"), ("program", LINEAR), ("job", settings)];
    file(metadata, [w, step, ("data.x", rows(10))])
}
