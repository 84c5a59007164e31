//! The examples of docs/files.md: this reader says of each what every reader must, from the header alone and from the whole.

use paragon_reference::error::Result;
use paragon_reference::kinds::check;
use paragon_reference::safetensors::{Header, Safetensors};
use std::path::{Path, PathBuf};

fn examples(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/files").join(folder);
    let files: Vec<PathBuf> =
        std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    assert!(files.len() >= 100, "only {} examples in {}", files.len(), folder.display());
    files
}

fn verdicts(path: &Path) -> [Result<()>; 2] {
    let header = Header::read(path).and_then(|header| check(&header));
    let whole = Safetensors::read(path).and_then(|file| check(&file.header()));
    [header, whole]
}

#[test]
fn what_every_reader_accepts() {
    for path in examples("accept") {
        assert_eq!(verdicts(&path), [Ok(()), Ok(())], "{}", path.display());
    }
}

#[test]
fn what_every_reader_refuses() {
    for path in examples("refuse") {
        assert!(verdicts(&path).iter().all(Result::is_err), "{}", path.display());
    }
}
