//! Model files, and training jobs and how they run (docs/program.md).

use crate::error::{ensure, Context, Result};
use crate::fingerprint::Tensors;
use crate::kinds::{self, Schedule, DATA};
use crate::program::{Program, Variable};
use crate::random::permutation;
use crate::run::{run, Options};
use crate::safetensors::Safetensors;
use crate::tensor::Tensor;

/// The first stream of the permutations, one an epoch.
const FIRST_ORDER_STREAM: u32 = 1 << 31;

/// The program and the state of a model file.
///
/// # Errors
/// If the file is no valid model.
pub fn model(file: Safetensors) -> Result<(Program, Tensors)> {
    Ok((kinds::model(&file.header())?, file.tensors))
}

/// A training job: what to run, from which state, on which rows, how often.
#[derive(Clone, Debug)]
pub struct Job {
    schedule: Schedule,
    state: Tensors,
    data: Tensors,
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
        let schedule = Schedule::new(&file.header())?;
        let (mut state, mut data) = (Tensors::new(), Tensors::new());
        for (name, tensor) in file.tensors {
            match name.strip_prefix(DATA) {
                Some(input) => data.insert(input.to_owned(), tensor),
                None => state.insert(name, tensor),
            };
        }
        Ok(Job { schedule, state, data })
    }

    /// Runs all steps.
    ///
    /// # Errors
    /// If the state does not suit the program, or a run would break the memory limit.
    pub fn train(&self, options: Options) -> Result<Trained> {
        let Schedule { program, rows: found, steps, batch, seed } = &self.schedule;
        let rows = found.unwrap_or(*batch);
        let bytes = 4 * u64::from(rows);
        ensure!(bytes <= options.memory_limit, "the order of {rows} rows takes {bytes} bytes, above the limit");
        let batches = rows / batch;
        let mut trained = Trained { state: self.state.clone(), outputs: Tensors::new() };
        let mut order = Vec::new();
        for step in 0..*steps {
            let (epoch, place) = (step / batches, (step % batches) as usize * *batch as usize);
            if place == 0 && found.is_some() {
                order = permutation(*seed, FIRST_ORDER_STREAM + epoch, rows);
            }
            let inputs = self.inputs(order.get(place..place + *batch as usize).unwrap_or_default());
            let results = run(program, &inputs, &trained.state, options).context(|| format!("step {step}"))?;
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
                None => self.schedule.seed.to_vec(),
            };
            (variable.name.clone(), Tensor::new(variable.ty.clone(), words))
        };
        self.schedule.program.inputs.iter().map(bind).collect()
    }
}

fn take_rows(data: &Tensor, rows: &[u32]) -> Vec<u32> {
    if data.words().is_empty() {
        return Vec::new();
    }
    let size: usize = data.shape()[1..].iter().product();
    rows.iter().flat_map(|&row| &data.words()[row as usize * size..][..size]).copied().collect()
}
