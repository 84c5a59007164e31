//! Test vectors: programs with inputs and the words that must come out (docs/program.md).

use crate::error::{ensure, fail, Context, Result};
use crate::fingerprint::Tensors;
use crate::job::metadata;
use crate::json::Json;
use crate::program::Program;
use crate::run::{run, Options};
use crate::safetensors::Safetensors;
use crate::tensor::Tensor;

/// Runs all cases of a file. Returns the number of cases, and a line for each that failed.
///
/// # Errors
/// If the file itself is not as the format has it.
pub fn check(file: &Safetensors) -> Result<(usize, Vec<String>)> {
    let format = metadata(file, "format")?;
    ensure!(format == "paragon-vectors", "the metadata's \"format\" is {format:?}, expected \"paragon-vectors\"");
    let cases = Json::parse(metadata(file, "cases")?).context(|| "cases")?;
    let cases = cases.array().context(|| "cases")?;
    let mut groups = grouped(file, cases.len())?;
    let mut failures = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let mut fields = case.fields().context(|| format!("case {index}"))?;
        let name = fields.take("name", Json::string).context(|| format!("case {index}"))?;
        let outcome = fields.take("program", |program| check_case(program, &mut groups[index]));
        if let Err(error) = outcome.and_then(|()| fields.finish()) {
            failures.push(format!("case {index} ({name}): {error}"));
        }
    }
    Ok((cases.len(), failures))
}

const KINDS: [&str; 4] = ["in", "state", "out", "new"];

/// The tensors of each case, by kind. Their names are `case/kind/name`.
fn grouped(file: &Safetensors, cases: usize) -> Result<Vec<[Tensors; 4]>> {
    let mut groups = vec![<[Tensors; 4]>::default(); cases];
    for (full_name, tensor) in &file.tensors {
        let mut parts = full_name.splitn(3, '/');
        let case = parts.next().and_then(|case| case.parse::<usize>().ok()).filter(|&case| case < cases);
        let kind = parts.next().and_then(|kind| KINDS.iter().position(|known| *known == kind));
        let (Some(case), Some(kind), Some(name)) = (case, kind, parts.next()) else {
            fail!("the tensor {full_name:?} belongs to no case");
        };
        groups[case][kind].insert(name.to_owned(), tensor.clone());
    }
    Ok(groups)
}

fn check_case(program: &Json, [inputs, state, outputs, updates]: &mut [Tensors; 4]) -> Result<()> {
    let program = Program::from_json(program)?;
    let results = run(&program, inputs, state, Options::default())?;
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
