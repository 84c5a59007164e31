//! Test vectors: programs with inputs and the words that must come out (docs/program.md).

use crate::error::{ensure, fail, Result};
use crate::fingerprint::Tensors;
use crate::kinds::{cases, PARTS};
use crate::program::Program;
use crate::run::{run, Options};
use crate::safetensors::Safetensors;
use crate::tensor::Tensor;

/// Runs all cases of a file. Returns the number of cases, and a line for each that failed.
///
/// # Errors
/// If the file itself is not as the format has it.
pub fn check(file: &Safetensors) -> Result<(usize, Vec<String>)> {
    let cases = cases(&file.header())?;
    let mut failures = Vec::new();
    for (index, (name, program)) in cases.iter().enumerate() {
        let parts = PARTS.map(|part| tensors_of(file, &format!("{index}/{part}/")));
        if let Err(error) = check_case(program, &parts) {
            failures.push(format!("case {index} ({name}): {error}"));
        }
    }
    Ok((cases.len(), failures))
}

/// The tensors whose names begin with a prefix, under the rest of their names.
fn tensors_of(file: &Safetensors, prefix: &str) -> Tensors {
    let from = file.tensors.range(prefix.to_owned()..);
    from.map_while(|(name, tensor)| Some((name.strip_prefix(prefix)?.to_owned(), tensor.clone()))).collect()
}

fn check_case(program: &Program, [inputs, state, outputs, updates]: &[Tensors; 4]) -> Result<()> {
    let results = run(program, inputs, state, Options::default())?;
    compare("output", &results.outputs, outputs)?;
    compare("state", &results.updates, updates)
}

fn compare(kind: &str, found: &Tensors, wanted: &Tensors) -> Result<()> {
    ensure!(found.keys().eq(wanted.keys()), "{kind}s {:?}, expected {:?}", found.keys(), wanted.keys());
    for ((name, found), wanted) in found.iter().zip(wanted.values()) {
        ensure!(found.ty() == wanted.ty(), "{kind} {name:?} is {}, expected {}", found.ty(), wanted.ty());
        if let Some(difference) = first_difference(found, wanted) {
            fail!("{kind} {name:?} differs {difference}");
        }
    }
    Ok(())
}

fn first_difference(found: &Tensor, wanted: &Tensor) -> Option<String> {
    let differing =
        || found.observed().zip(wanted.observed()).enumerate().filter(|(_, (found, wanted))| found != wanted);
    let (place, (word, right)) = differing().next()?;
    let count = differing().count();
    Some(format!("in {count} of {} words, first at {place}: {word:08x}, expected {right:08x}", found.words().len()))
}
