//! The fingerprint of named tensors (section 8 of the contract).

use crate::sha256::Sha256;
use crate::tensor::Tensor;
use std::collections::BTreeMap;

/// Tensors by name, in the order of the names as UTF-8 bytes.
pub type Tensors = BTreeMap<String, Tensor>;

/// SHA-256 over names, dtypes, shapes and words, in 64 lower-case hex digits.
pub fn fingerprint(tensors: &Tensors) -> String {
    let mut hash = Sha256::default();
    for (name, tensor) in tensors {
        let shape: Vec<String> = tensor.shape().iter().map(usize::to_string).collect();
        for text in [name, tensor.ty().dtype.name(), &shape.join(",")] {
            hash.update(text.as_bytes());
            hash.update(&[0]);
        }
        for word in tensor.observed() {
            hash.update(&word.to_le_bytes());
        }
    }
    hash.hex()
}
