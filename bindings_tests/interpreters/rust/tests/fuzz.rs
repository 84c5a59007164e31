//! Mutated files: whatever is in them, the outcome is a value or an error, never a panic, and memory stays in bounds.
//! The mutations are drawn from Philox, so that a failure can be repeated; PARAGON_FUZZ_ROUNDS asks for more of them.

mod common;

use common::{linear_job, linear_state, rows, LINEAR};
use paragon_reference::job::{model, Job};
use paragon_reference::json::Json;
use paragon_reference::program::Program;
use paragon_reference::random::draws;
use paragon_reference::run::{run, Options};
use paragon_reference::safetensors::Safetensors;
use paragon_reference::vectors;
use std::path::Path;

const SMALL: Options = Options { keep_values: false, memory_limit: 1 << 22 };

/// Pieces that mean something in these formats, or are apt to overflow.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\u",
    "null",
    "true",
    "-1",
    "0",
    "1",
    "1e999",
    "2147483647",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "\"f32\"",
    "\"i32\"",
    "\"panel\":2",
    "[0,0]",
    "é",
];

fn rounds() -> u32 {
    std::env::var("PARAGON_FUZZ_ROUNDS").map_or(3000, |text| text.parse().expect("PARAGON_FUZZ_ROUNDS is a number"))
}

/// A few random changes: bytes flipped, digits replaced, pieces put in, stretches cut out or doubled.
fn mutate(original: &[u8], round: u32) -> Vec<u8> {
    let mut bytes = original.to_vec();
    let mut words = draws([round, 17], 0, 0);
    let mut below = |n: usize| ((u64::from(words.next().expect("draws go on")) * n as u64) >> 32) as usize;
    for _ in 0..1 + below(4) {
        let at = below(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
        let end = (at + 1 + below(12)).min(bytes.len());
        match below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << below(8),
            1 => {
                // The next number in the text.
                let start = (at..bytes.len()).find(|&i| bytes[i].is_ascii_digit()).unwrap_or(at);
                let stop = (start..bytes.len()).find(|&i| !bytes[i].is_ascii_digit()).unwrap_or(start);
                bytes.splice(start..stop, PIECES[10 + below(9)].bytes());
            }
            2 => drop(bytes.splice(at..at, PIECES[below(PIECES.len())].bytes())),
            3 => drop(bytes.splice(at..end, PIECES[below(PIECES.len())].bytes())),
            4 => drop(bytes.drain(at..end)),
            _ => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }
    bytes
}

/// Changes text in the metadata, so that the file around it stays well-formed.
fn mutate_metadata(original: &Safetensors, round: u32) -> Safetensors {
    let mut file = original.clone();
    let key = if round % 3 == 0 && file.metadata.contains_key("job") { "job" } else { "program" };
    if let Some(text) = file.metadata.get_mut(if file.metadata.contains_key("cases") { "cases" } else { key }) {
        *text = String::from_utf8_lossy(&mutate(text.as_bytes(), round)).into_owned();
    }
    file
}

fn try_model(file: Safetensors) -> bool {
    let inputs = common::tensors([("x", rows(4))]);
    model(file).and_then(|(program, state)| run(&program, &inputs, &state, SMALL)).is_ok()
}

fn try_job(file: Safetensors) -> bool {
    // Steps are not limited by the format; here they are, to come to an end.
    let few = |text: &String| Json::parse(text).ok()?.fields().ok()?.take("steps", |steps| steps.integer(1..=99)).ok();
    file.metadata.get("job").and_then(few).is_some() && Job::new(file).and_then(|job| job.train(SMALL)).is_ok()
}

/// Feeds mutations to a reader; some must be accepted and some refused, else nothing was tested.
fn fuzz(name: &str, mut accepts: impl FnMut(u32) -> bool) {
    let accepted = (0..rounds()).filter(|&round| accepts(round)).count();
    assert!(accepted > 0 && accepted < rounds() as usize, "{name}: {accepted} of {} accepted", rounds());
}

#[test]
fn json() {
    fuzz("JSON", |round| Json::parse(&String::from_utf8_lossy(&mutate(LINEAR.as_bytes(), round))).is_ok());
}

#[test]
fn programs() {
    fuzz("program", |round| Program::parse(&String::from_utf8_lossy(&mutate(LINEAR.as_bytes(), round))).is_ok());
}

#[test]
fn models() {
    let original = common::file([("format", "paragon-model"), ("program", LINEAR)], linear_state());
    let bytes = original.encode().expect("encodes");
    assert!(try_model(original.clone()));
    fuzz("model", |round| Safetensors::decode(&mutate(&bytes, round)).is_ok_and(try_model));
    fuzz("model's program", |round| try_model(mutate_metadata(&original, round)));
}

#[test]
fn jobs() {
    let original = linear_job(r#"{"steps": 5, "batch": 4, "seed": [3, 4]}"#);
    let bytes = original.encode().expect("encodes");
    assert!(try_job(original.clone()));
    fuzz("job", |round| Safetensors::decode(&mutate(&bytes, round)).is_ok_and(try_job));
    fuzz("job's texts", |round| try_job(mutate_metadata(&original, round)));
}

/// Programs with every operation: the vectors, a few mutations of each file.
#[test]
fn vector_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    for entry in std::fs::read_dir(folder).expect("the folder of vectors") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "safetensors") {
            continue;
        }
        let original = Safetensors::read(&path).expect("a file of vectors");
        for round in 0..rounds() / 100 {
            // Only that it returns: what comes out is anything.
            let _ = vectors::check(&mutate_metadata(&original, round));
        }
    }
}
