//! Model files and training jobs (docs/program.md).

use crate::error::{ensure, fail, Context, Error, Result};
use crate::fingerprint::Tensors;
use crate::json::Json;
use crate::program::{Program, Variable};
use crate::random::{permutation, Seed};
use crate::run::{run, Options};
use crate::safetensors::Safetensors;
use crate::tensor::{DType, Tensor, Type};

/// The first stream of the permutations, one an epoch.
const FIRST_ORDER_STREAM: u32 = 1 << 31;

/// The program and the state of a model file.
///
/// # Errors
/// If the metadata is not that of a model, or the program is not valid.
pub fn model(file: Safetensors) -> Result<(Program, Tensors)> {
    let program = program(&file, "paragon-model")?;
    Ok((program, file.tensors))
}

fn program(file: &Safetensors, format: &str) -> Result<Program> {
    let found = metadata(file, "format")?;
    ensure!(found == format, "the metadata's \"format\" is {found:?}, expected {format:?}");
    Program::parse(metadata(file, "program")?).context(|| "program")
}

/// An entry of a file's metadata.
pub(crate) fn metadata<'a>(file: &'a Safetensors, key: &str) -> Result<&'a str> {
    file.metadata.get(key).map(String::as_str).ok_or_else(|| Error::new(format!("the metadata has no {key:?}")))
}

/// A training job: what to run, from which state, on which rows, how often.
#[derive(Clone, Debug)]
pub struct Job {
    program: Program,
    state: Tensors,
    data: Tensors,
    rows: Option<u32>,
    steps: u64,
    batch: u32,
    seed: Seed,
}

/// What a training job yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The state after the last step.
    pub state: Tensors,
    /// The outputs of the last step.
    pub outputs: Tensors,
}

impl Job {
    /// Reads a job from its file.
    ///
    /// # Errors
    /// If metadata, program or tensors are not those of a job; the message names what is wrong.
    pub fn new(file: Safetensors) -> Result<Job> {
        let program = program(&file, "paragon-job")?;
        let taken = |name: &str| program.outputs.iter().any(|(output, _)| name.strip_prefix("output.") == Some(output));
        if let Some(Variable { name, .. }) = program.state.iter().find(|variable| taken(&variable.name)) {
            fail!("the state {name:?} has the name that an output gets in the results");
        }
        let (steps, batch, seed) = settings(metadata(&file, "job")?).context(|| "job")?;
        let (mut state, mut data) = (Tensors::new(), Tensors::new());
        for (name, tensor) in file.tensors {
            if program.state.iter().any(|variable| variable.name == name) {
                state.insert(name, tensor);
            } else if let Some(input) = name.strip_prefix("data.") {
                data.insert(input.to_owned(), tensor);
            } else {
                fail!("the tensor {name:?} is neither a state of the program nor data");
            }
        }
        let rows = check_data(&program, &data, batch)?;
        if let Some(rows) = rows {
            let epochs = steps.div_ceil(u64::from(rows / batch));
            ensure!(epochs <= 1 << 31, "{steps} steps are {epochs} epochs; there are streams for 2^31");
        }
        Ok(Job { program, state, data, rows, steps, batch, seed })
    }

    /// Runs all steps.
    ///
    /// # Errors
    /// If the state does not suit the program, or a run would break the memory limit.
    pub fn train(&self, options: Options) -> Result<Trained> {
        let rows = self.rows.unwrap_or(self.batch);
        let bytes = 4 * u64::from(rows);
        ensure!(bytes <= options.memory_limit, "the order of {rows} rows takes {bytes} bytes, above the limit");
        let batches = u64::from(rows / self.batch);
        let mut trained = Trained { state: self.state.clone(), outputs: Tensors::new() };
        let mut order = Vec::new();
        for step in 0..self.steps {
            let (epoch, place) = (step / batches, (step % batches) as usize * self.batch as usize);
            if place == 0 && self.rows.is_some() {
                order = permutation(self.seed, FIRST_ORDER_STREAM + epoch as u32, rows);
            }
            let inputs = self.inputs(order.get(place..place + self.batch as usize).unwrap_or_default());
            let results = run(&self.program, &inputs, &trained.state, options).context(|| format!("step {step}"))?;
            trained.state.extend(results.updates);
            trained.outputs = results.outputs;
        }
        Ok(trained)
    }

    /// The inputs of a step that takes these rows of the data.
    fn inputs(&self, rows: &[u32]) -> Tensors {
        let bind = |variable: &Variable| {
            let words = match self.data.get(&variable.name) {
                Some(data) => take_rows(data, rows),
                None => self.seed.to_vec(),
            };
            (variable.name.clone(), Tensor::new(variable.ty.clone(), words))
        };
        self.program.inputs.iter().map(bind).collect()
    }
}

fn take_rows(data: &Tensor, rows: &[u32]) -> Vec<u32> {
    if data.words().is_empty() {
        return Vec::new();
    }
    let size: usize = data.shape()[1..].iter().product();
    rows.iter().flat_map(|&row| &data.words()[row as usize * size..][..size]).copied().collect()
}

/// Steps, batch and seed.
fn settings(text: &str) -> Result<(u64, u32, Seed)> {
    let json = Json::parse(text)?;
    let mut fields = json.fields()?;
    let steps = fields.take("steps", Json::natural)?;
    let batch = fields.take("batch", |json| u32::try_from(json.natural()?).context(|| "too large"))?;
    let seed = fields.take("seed", Json::naturals)?;
    fields.finish()?;
    ensure!(batch >= 1, "\"batch\" must be 1 or more");
    let words: Option<Vec<u32>> = seed.iter().map(|&word| u32::try_from(word).ok()).collect();
    let Some([low, high]) = words.as_deref() else { fail!("\"seed\" must be two 32-bit words, low and high") };
    Ok((steps, batch, [*low, *high]))
}

/// Checks that each input has data of the right type, or is the seed; returns the number of rows if there are data.
fn check_data(program: &Program, data: &Tensors, batch: u32) -> Result<Option<u32>> {
    if let Some(name) = data.keys().find(|name| program.inputs.iter().all(|input| input.name != **name)) {
        fail!("\"data.{name}\" belongs to no input of the program");
    }
    let mut rows = None;
    for Variable { name, ty } in &program.inputs {
        let Some(tensor) = data.get(name) else {
            let is_seed = name == "seed" && *ty == Type { dtype: DType::U32, shape: vec![2] };
            ensure!(is_seed, "the input {name:?} has no data: the tensor \"data.{name}\" is missing");
            continue;
        };
        let [n, row @ ..] = tensor.shape() else { fail!("\"data.{name}\" has no axis of rows") };
        let shape: Vec<usize> = [&[batch as usize], row].concat();
        let fits = *ty == Type { dtype: tensor.ty().dtype, shape };
        ensure!(fits, "\"data.{name}\" is {}, which in batches of {batch} does not give {ty}", tensor.ty());
        let n = u32::try_from(*n).context(|| "rows")?;
        ensure!(n >= batch, "\"data.{name}\" has {n} rows, less than a batch of {batch}");
        ensure!(*rows.get_or_insert(n) == n, "\"data.{name}\" has {n} rows, other data have not");
    }
    Ok(rows)
}
