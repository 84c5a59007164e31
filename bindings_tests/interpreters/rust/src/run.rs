//! Runs of a program: bind the inputs, evaluate, hand out outputs and new state.

use crate::error::{ensure, fail, Result};
use crate::fingerprint::Tensors;
use crate::program::{Program, Variable};
use crate::tensor::{Tensor, Type};
use std::borrow::Cow;

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether to keep every operation's value.
    pub keep_values: bool,
    /// The most memory that values may take at any time, in bytes; a program that needs more is refused before it runs.
    pub memory_limit: u64,
}

impl Default for Options {
    /// 4 GiB, and no values kept.
    fn default() -> Self {
        Options { keep_values: false, memory_limit: 4 << 30 }
    }
}

/// What a run yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// The outputs by name.
    pub outputs: Tensors,
    /// The new state, of the updated names only.
    pub updates: Tensors,
    /// Number and value of every operation, if they were to be kept.
    pub values: Vec<(usize, Tensor)>,
}

/// Runs a program once. The state is left as it is: the caller replaces what was updated.
///
/// # Errors
/// If an input or a state is missing or has another type, or the memory limit would be broken.
pub fn run(program: &Program, inputs: &Tensors, state: &Tensors, options: Options) -> Result<Results> {
    let last_use = last_uses(program, options.keep_values);
    let peak = peak_bytes(program, &last_use);
    ensure!(peak <= options.memory_limit, "the program needs {peak} bytes, the limit is {}", options.memory_limit);

    let mut values: Vec<Option<Cow<'_, Tensor>>> = Vec::with_capacity(last_use.len());
    for (variables, tensors, kind) in [(&program.inputs, inputs, "input"), (&program.state, state, "state")] {
        for variable in variables {
            values.push(Some(Cow::Borrowed(bind(variable, tensors, kind)?)));
        }
    }
    for (index, operation) in program.operations.iter().enumerate() {
        let operands: Vec<&Tensor> = operation.inputs.iter().map(|&input| held(&values, input)).collect();
        let value = operation.op.evaluate(&operands, &operation.ty);
        let number = program.variables() + index;
        values.push((last_use[number] > index).then_some(Cow::Owned(value)));
        for &input in &operation.inputs {
            if last_use[input] == index {
                values[input] = None;
            }
        }
    }
    let output = |(name, value): &(String, usize)| (name.clone(), held(&values, *value).clone());
    let update = |&(index, value): &(usize, usize)| (program.state[index].name.clone(), held(&values, value).clone());
    let (outputs, updates) =
        (program.outputs.iter().map(output).collect(), program.updates.iter().map(update).collect());
    let kept = if options.keep_values { program.variables()..last_use.len() } else { 0..0 };
    let values = kept.map(|number| (number, held(&values, number).clone())).collect();
    Ok(Results { outputs, updates, values })
}

fn held<'a>(values: &'a [Option<Cow<'_, Tensor>>], number: usize) -> &'a Tensor {
    values[number].as_deref().expect("a value lives until its last use")
}

fn bind<'a>(variable: &Variable, tensors: &'a Tensors, kind: &str) -> Result<&'a Tensor> {
    let name = &variable.name;
    match tensors.get(name) {
        Some(tensor) if *tensor.ty() == variable.ty => Ok(tensor),
        Some(tensor) => fail!("the {kind} {name:?} is {}, the program wants {}", tensor.ty(), variable.ty),
        None => fail!("the {kind} {name:?} is missing; the program wants {}", variable.ty),
    }
}

/// For each value, the last operation that uses it; the number of operations where a result does, 0 where nothing does.
fn last_uses(program: &Program, keep_values: bool) -> Vec<usize> {
    let operations = program.operations.len();
    let mut last = vec![if keep_values { operations } else { 0 }; program.variables() + operations];
    for (index, operation) in program.operations.iter().enumerate() {
        operation.inputs.iter().for_each(|&input| last[input] = last[input].max(index));
    }
    let results = program.outputs.iter().map(|(_, value)| value).chain(program.updates.iter().map(|(_, value)| value));
    results.for_each(|&value| last[value] = operations);
    last
}

/// The most memory that values take at any time. An operation may copy its operands, broadcast to the result's shape.
fn peak_bytes(program: &Program, last_use: &[usize]) -> u64 {
    let bytes = |ty: &Type| 4 * ty.elements() as u64;
    let mut living: u64 = program.inputs.iter().chain(&program.state).map(|variable| bytes(&variable.ty)).sum();
    let mut peak = living;
    let mut freed = vec![false; last_use.len()];
    for (index, operation) in program.operations.iter().enumerate() {
        let copies = |&input: &usize| bytes(program.ty(input)).max(bytes(&operation.ty));
        let temporary: u64 = operation.inputs.iter().map(copies).sum();
        living += bytes(&operation.ty);
        peak = peak.max(living + temporary);
        let number = program.variables() + index;
        let done = operation.inputs.iter().copied().filter(|&input| last_use[input] == index);
        for value in done.chain((last_use[number] <= index).then_some(number)) {
            if value >= program.variables() && !std::mem::replace(&mut freed[value], true) {
                living -= bytes(program.ty(value));
            }
        }
    }
    let results = program.outputs.iter().map(|(_, value)| value).chain(program.updates.iter().map(|(_, value)| value));
    peak.max(living + results.map(|&value| bytes(program.ty(value))).sum::<u64>())
}
