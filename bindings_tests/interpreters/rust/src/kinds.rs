//! What a file is and holds, by the format that its metadata state (docs/files.md, section 4): a model, a training job, vectors, or
//! any tensors. All that is said here follows from the header.

use crate::error::{ensure, fail, Context, Error, Result};
use crate::json::Json;
use crate::program::{check_name, Program, Variable};
use crate::random::Seed;
use crate::safetensors::{Header, Types};
use crate::tensor::{DType, Type, MAX_ELEMENTS};

const MODEL: &str = "paragon-model";
const JOB: &str = "paragon-job";
const VECTORS: &str = "paragon-vectors";
/// What the names of further programs of a model begin with.
const FURTHER: &str = "program.";
/// What the names of the data of a job begin with.
pub const DATA: &str = "data.";

/// Checks a file as its format says.
///
/// # Errors
/// If it is not as its format has it.
pub fn check(header: &Header) -> Result<()> {
    match header.metadata.get("format").map(String::as_str) {
        Some(MODEL) => model(header).map(drop),
        Some(JOB) => Schedule::new(header).map(drop),
        Some(VECTORS) => cases(header).map(drop),
        _ => Ok(()),
    }
}

/// The program of a model file, whose tensors are its state.
///
/// # Errors
/// If the file is no valid model.
pub fn model(header: &Header) -> Result<Program> {
    expect_format(header, MODEL)?;
    let program = Program::parse(metadata(header, "program")?).context(|| "program")?;
    for (key, text) in header.metadata.iter().filter(|(key, _)| !["format", "program"].contains(&key.as_str())) {
        let Some(name) = key.strip_prefix(FURTHER) else {
            fail!("the metadata has the key {key:?}, which no model has")
        };
        further(&program, name, text).context(|| format!("{key:?}"))?;
    }
    expect_types(&header.types, &types(&program.state))?;
    Ok(program)
}

/// Checks a further program of a model, whose state is part of the main one's.
fn further(main: &Program, name: &str, text: &str) -> Result<()> {
    check_name(name)?;
    let known = types(&main.state);
    for Variable { name, ty } in Program::parse(text)?.state {
        ensure!(known.get(&name) == Some(&ty), "the state {name:?}, {ty}, is none of the main program");
    }
    Ok(())
}

/// What a training job says beside its tensors.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The program that a step runs.
    pub program: Program,
    /// The number of rows of the data, if there are any.
    pub rows: Option<u32>,
    /// How often the program is run.
    pub steps: u32,
    /// The number of rows of a step.
    pub batch: u32,
    /// The seed of the order of the rows.
    pub seed: Seed,
}

impl Schedule {
    /// The job of a file, whose tensors are the program's state and data.
    ///
    /// # Errors
    /// If the file is no valid job.
    pub fn new(header: &Header) -> Result<Schedule> {
        expect_format(header, JOB)?;
        expect_keys(header, &["program", "job"])?;
        let program = Program::parse(metadata(header, "program")?).context(|| "program")?;
        check_state_names(&program)?;
        let (steps, batch, seed) = settings(metadata(header, "job")?).context(|| "job")?;
        let (mut wanted, mut rows) = (types(&program.state), None);
        for input in &program.inputs {
            let name = format!("{DATA}{}", input.name);
            let is_seed = input.name == "seed" && input.ty == Type { dtype: DType::U32, shape: vec![2] };
            match header.types.get(&name) {
                Some(data) => {
                    let ty = data_type(input, data, batch, &mut rows).context(|| format!("{name:?}"))?;
                    wanted.insert(name, ty);
                }
                None => ensure!(is_seed, "the input {:?} has no data: the tensor {name:?} is missing", input.name),
            }
        }
        expect_types(&header.types, &wanted)?;
        Ok(Schedule { program, rows, steps, batch, seed })
    }
}

/// No state has a name that data or results get.
fn check_state_names(program: &Program) -> Result<()> {
    for Variable { name, .. } in &program.state {
        let result = name.strip_prefix("output.");
        let taken = result.is_some_and(|result| program.outputs.iter().any(|(output, _)| output == result));
        ensure!(!taken, "the state {name:?} has the name that an output gets in the results");
        ensure!(!name.starts_with(DATA), "the state {name:?} has a name of data");
    }
    Ok(())
}

/// Steps, batch and seed.
fn settings(text: &str) -> Result<(u32, u32, Seed)> {
    let json = Json::parse(text)?;
    let mut fields = json.fields()?;
    let steps = fields.take("steps", |json| json.integer(1..=MAX_ELEMENTS))?;
    let batch = fields.take("batch", |json| json.integer(1..=MAX_ELEMENTS))?;
    let seed = fields.take("seed", |json| json.integers(0..=u32::MAX.into()))?;
    fields.finish()?;
    let [low, high] = seed[..] else { fail!("\"seed\" must be two 32-bit words, low and high") };
    Ok((steps as u32, batch as u32, [low as u32, high as u32]))
}

/// What the data of an input must be: as many rows as all data have, at least a batch of them.
fn data_type(input: &Variable, data: &Type, batch: u32, rows: &mut Option<u32>) -> Result<Type> {
    let ([n, ..], [first, row @ ..]) = (&data.shape[..], &input.ty.shape[..]) else {
        fail!("{data} has no axis of rows for the input, {}", input.ty);
    };
    ensure!(*first == batch as usize, "batches of {batch} rows do not give the input, {}", input.ty);
    let n = *rows.get_or_insert(*n as u32);
    ensure!(n >= batch, "{n} rows, less than a batch of {batch}");
    Ok(Type { dtype: input.ty.dtype, shape: [&[n as usize], row].concat() })
}

/// The cases of a file of vectors: their names and programs. Tensors are named `case/kind/name`.
///
/// # Errors
/// If the file is not one of vectors, or its tensors are not those of the cases.
pub fn cases(header: &Header) -> Result<Vec<(String, Program)>> {
    expect_format(header, VECTORS)?;
    expect_keys(header, &["cases"])?;
    let list = Json::parse(metadata(header, "cases")?).context(|| "cases")?;
    let (mut cases, mut wanted) = (Vec::new(), Types::new());
    for (index, case) in list.array().context(|| "cases")?.iter().enumerate() {
        let (name, program) = self::case(case).context(|| format!("case {index}"))?;
        for (part, types) in PARTS.iter().zip(parts(&program)) {
            wanted.extend(types.into_iter().map(|(name, ty)| (format!("{index}/{part}/{name}"), ty)));
        }
        cases.push((name, program));
    }
    expect_types(&header.types, &wanted)?;
    Ok(cases)
}

/// The kinds of tensors of a case: inputs, state before the run, outputs, updated state after it.
pub const PARTS: [&str; 4] = ["in", "state", "out", "new"];

fn case(case: &Json) -> Result<(String, Program)> {
    let mut fields = case.fields()?;
    let name = fields.take("name", Json::string)?;
    check_name(name)?;
    let program = fields.take("program", Program::from_json)?;
    fields.finish()?;
    Ok((name.to_owned(), program))
}

fn parts(program: &Program) -> [Types; 4] {
    let output = |(name, value): &(String, usize)| (name.clone(), program.ty(*value).clone());
    let updated = |(index, _): &(usize, usize)| (program.state[*index].name.clone(), program.state[*index].ty.clone());
    let (outputs, updates) =
        (program.outputs.iter().map(output).collect(), program.updates.iter().map(updated).collect());
    [types(&program.inputs), types(&program.state), outputs, updates]
}

/// Variables by name.
pub fn types(variables: &[Variable]) -> Types {
    variables.iter().map(|variable| (variable.name.clone(), variable.ty.clone())).collect()
}

/// # Errors
/// If the tensors are not those that are wanted, all of them and no others.
pub fn expect_types(found: &Types, wanted: &Types) -> Result<()> {
    for (name, want) in wanted {
        match found.get(name) {
            Some(ty) => ensure!(ty == want, "the tensor {name:?} is {ty}, not {want}"),
            None => fail!("the tensor {name:?}, {want}, is missing"),
        }
    }
    match found.keys().find(|name| !wanted.contains_key(*name)) {
        Some(name) => fail!("the tensor {name:?} belongs to nothing"),
        None => Ok(()),
    }
}

fn expect_format(header: &Header, format: &str) -> Result<()> {
    let found = metadata(header, "format")?;
    ensure!(found == format, "the metadata's \"format\" is {found:?}, expected {format:?}");
    Ok(())
}

/// Beside the format the metadata have exactly these keys.
fn expect_keys(header: &Header, keys: &[&str]) -> Result<()> {
    match header.metadata.keys().find(|key| *key != "format" && !keys.contains(&key.as_str())) {
        Some(key) => fail!("the metadata has the key {key:?}, which this format has not"),
        None => Ok(()),
    }
}

fn metadata<'a>(header: &'a Header, key: &str) -> Result<&'a str> {
    header.metadata.get(key).map(String::as_str).ok_or_else(|| Error::new(format!("the metadata has no {key:?}")))
}
