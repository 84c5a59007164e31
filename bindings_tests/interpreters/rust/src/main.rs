//! The command: checks vectors, runs models, trains, prints fingerprints. It exits with 0 when all is well, 1 when a
//! file is refused or a vector failed, 2 when the arguments make no sense; the reason goes to standard error.

#![forbid(unsafe_code)]

mod check;

use paragon_reference::error::{Context, Error, Result};
use paragon_reference::fingerprint::{fingerprint, Tensors};
use paragon_reference::job::{model, Job};
use paragon_reference::kinds::{expect_types, types};
use paragon_reference::operations::{operations, Definition};
use paragon_reference::run::{run, Options};
use paragon_reference::safetensors::{Safetensors, RUN};
use paragon_reference::vectors;
use std::env;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage:
  paragon-reference vectors DIR                          check all *.safetensors test vectors in DIR
  paragon-reference run MODEL INPUTS OUTPUTS [--values]  run a model once; prints the outputs' fingerprint
  paragon-reference train JOB OUT                        run a training job; prints the fingerprint of the state
  paragon-reference fingerprint FILE                     of results the outputs', else all tensors'
  paragon-reference check PATH...                        tell of files, and those of folders, whether they are valid
  paragon-reference operations                           the table of operations as JSON
PARAGON_MEMORY_LIMIT, in bytes, bounds the memory for values (default 4294967296).";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["vectors", directory] => check_vectors(Path::new(directory)),
        ["run", model, inputs, outputs] => run_model([model, inputs, outputs].map(Path::new), false),
        ["run", model, inputs, outputs, "--values"] => run_model([model, inputs, outputs].map(Path::new), true),
        ["train", job, out] => train(Path::new(job), Path::new(out)),
        ["fingerprint", file] => Safetensors::read(Path::new(file)).and_then(|file| say(file.fingerprint())),
        ["check", ref paths @ ..] if !paths.is_empty() => check::check(paths),
        ["operations"] => {
            let rows: Vec<String> = operations().map(Definition::signature).collect();
            say(format_args!("[\n  {}\n]", rows.join(",\n  ")))
        }
        ["help" | "--help" | "-h"] => say(USAGE),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

/// A line on standard output, which may have been closed.
fn say(line: impl Display) -> Result<ExitCode> {
    writeln!(io::stdout(), "{line}").context(|| "standard output")?;
    Ok(ExitCode::SUCCESS)
}

fn options(keep_values: bool) -> Result<Options> {
    let default = Options { keep_values, ..Options::default() };
    match env::var("PARAGON_MEMORY_LIMIT") {
        Ok(text) => Ok(Options { memory_limit: text.parse().context(|| "PARAGON_MEMORY_LIMIT")?, ..default }),
        Err(env::VarError::NotPresent) => Ok(default),
        Err(error) => Err(error).context(|| "PARAGON_MEMORY_LIMIT"),
    }
}

fn check_vectors(directory: &Path) -> Result<ExitCode> {
    let mut names = check::names(directory).context(|| directory.display())?;
    names.retain(|name| name.as_encoded_bytes().ends_with(b".safetensors"));
    let (mut total, mut failed) = (0, 0);
    for name in &names {
        let path = directory.join(name);
        let (cases, failures) = vectors::check(&Safetensors::read(&path)?).context(|| path.display())?;
        failures.iter().try_for_each(|failure| say(format_args!("{}: {failure}", name.to_string_lossy())).map(drop))?;
        total += cases;
        failed += failures.len();
    }
    if total == 0 {
        return Err(Error::new(format!("{}: no vectors", directory.display())));
    }
    if failed > 0 {
        return Err(Error::new(format!("{failed} of {total} cases wrong")));
    }
    say(format_args!("{total} cases in {} files, all right", names.len()))
}

fn insert_all(file: &mut Safetensors, prefix: &str, tensors: Tensors) -> Result<()> {
    tensors.into_iter().try_for_each(|(name, tensor)| file.add(format!("{prefix}{name}"), tensor))
}

fn run_model([model_path, inputs, outputs]: [&Path; 3], keep_values: bool) -> Result<ExitCode> {
    let file = Safetensors::read(model_path)?;
    let text = file.metadata.get("program").cloned().unwrap_or_default();
    let (program, state) = model(file).context(|| model_path.display())?;
    let bound = Safetensors::read(inputs)?;
    expect_types(&bound.header().types, &types(&program.inputs)).context(|| inputs.display())?;
    let results = run(&program, &bound.tensors, &state, options(keep_values)?)?;
    let mut file = Safetensors::default();
    file.metadata.extend([("format".to_owned(), RUN.to_owned()), ("program".to_owned(), text)]);
    insert_all(&mut file, "output.", results.outputs)?;
    insert_all(&mut file, "state.", results.updates)?;
    results.values.into_iter().try_for_each(|(number, value)| file.add(format!("value.{number}"), value))?;
    file.write(outputs)?;
    say(file.fingerprint())
}

fn train(job_path: &Path, out: &Path) -> Result<ExitCode> {
    let job = Job::new(Safetensors::read(job_path)?).context(|| job_path.display())?;
    let trained = job.train(options(false)?)?;
    let identity = fingerprint(&trained.state);
    let mut file = Safetensors { tensors: trained.state, ..Safetensors::default() };
    insert_all(&mut file, "output.", trained.outputs)?;
    file.write(out)?;
    say(identity)
}
