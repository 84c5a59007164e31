//! All test vectors of the project; and that a wrong word in one is found.

use paragon_reference::safetensors::Safetensors;
use paragon_reference::tensor::Tensor;
use paragon_reference::vectors::check;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let entries =
        std::fs::read_dir(folder).expect("the folder of vectors").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "safetensors")).collect()
}

#[test]
fn all_vectors() {
    let files = files();
    assert!(files.len() >= 40, "only {} files of vectors", files.len());
    let mut total = 0;
    for path in files {
        let (cases, failures) = Safetensors::read(&path).and_then(|file| check(&file)).expect("a file of vectors");
        assert!(failures.is_empty(), "{}: {failures:#?}", path.display());
        total += cases;
    }
    assert!(total >= 1000, "only {total} cases");
}

#[test]
fn a_wrong_word_is_found() {
    let mut planted = 0;
    for path in files() {
        let mut file = Safetensors::read(&path).expect("a file of vectors");
        let is_number = |word: &u32| !f32::from_bits(*word).is_nan();
        let mut outputs = file.tensors.iter_mut().filter(|(name, _)| name.starts_with("0/out/"));
        let Some((_, tensor)) = outputs.find(|(_, tensor)| tensor.words().iter().any(is_number)) else { continue };
        let mut words = tensor.words().to_vec();
        *words.iter_mut().find(|word| is_number(word)).expect("a number") ^= 1;
        *tensor = Tensor::new(tensor.ty().clone(), words);
        let (_, failures) = check(&file).expect("a file of vectors");
        assert_eq!(failures.len(), 1, "{}: {failures:#?}", path.display());
        assert!(failures[0].starts_with("case 0 ") && failures[0].contains("differs in 1 of"), "{}", failures[0]);
        planted += 1;
    }
    assert!(planted >= 30, "only {planted} faults planted");
}

#[test]
fn a_stray_tensor_is_refused() {
    let path = files().into_iter().find(|path| path.ends_with("add.safetensors")).expect("vectors of add");
    let mut file = Safetensors::read(&path).expect("a file of vectors");
    let (_, tensor) = file.tensors.first_key_value().expect("a tensor");
    let tensor = tensor.clone();
    file.add("999999/out/y".into(), tensor).expect("a new name");
    assert!(check(&file).expect_err("a tensor of no case").to_string().contains("999999/out/y"));
}
