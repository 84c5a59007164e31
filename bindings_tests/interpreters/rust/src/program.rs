//! A program: parsed from JSON and checked completely, so that running it cannot go wrong.

use crate::error::{ensure, fail, Context, Result};
use crate::json::Json;
use crate::operations::Op;
use crate::tensor::{DType, Type};
use std::collections::{BTreeMap, BTreeSet};

const MAX_OPERATIONS: usize = 200_000;

/// An input or a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name, unique among inputs and state.
    pub name: String,
    /// Its dtype and shape.
    pub ty: Type,
}

/// One operation; its value's number is the number of inputs and state plus its index.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What it does.
    pub op: Op,
    /// The values that it uses, all with smaller numbers than its own.
    pub inputs: Vec<usize>,
    /// What it yields.
    pub ty: Type,
}

/// A valid program.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Values 0, 1, …
    pub inputs: Vec<Variable>,
    /// The values after the inputs.
    pub state: Vec<Variable>,
    /// The values after the state, in order.
    pub operations: Vec<Operation>,
    /// Name and value of each output.
    pub outputs: Vec<(String, usize)>,
    /// Index of a state, and the value that replaces it after a run.
    pub updates: Vec<(usize, usize)>,
}

impl Program {
    /// Parses and checks a program.
    ///
    /// # Errors
    /// If it breaks any rule of the format; the message names the place, for an operation its index and name.
    pub fn parse(text: &str) -> Result<Program> {
        Program::from_json(&Json::parse(text)?)
    }

    /// Checks a program that is JSON already.
    ///
    /// # Errors
    /// As [`Program::parse`].
    pub fn from_json(json: &Json) -> Result<Program> {
        let mut fields = json.fields().context(|| "program")?;
        fields.take("format", |json| expect(json, &Json::String("paragon-program".into())))?;
        fields.take("version", |json| expect(json, &Json::Integer(1)))?;
        fields.take("contract", |json| expect(json, &Json::Integer(1)))?;
        if let Some(meta) = fields.optional("meta") {
            ensure!(matches!(meta, Json::Object(_)), "\"meta\" must be an object");
        }
        let mut names = BTreeSet::new();
        let inputs = fields.take("inputs", |list| variables(list, &mut names))?;
        let state = fields.take("state", |list| variables(list, &mut names))?;
        let mut types: Vec<&Type> = inputs.iter().chain(&state).map(|variable| &variable.ty).collect();
        let values = types.len();
        let parsed = fields.take("operations", |list| operations(list, values))?;
        for (index, (name, operation)) in parsed.iter().enumerate() {
            check(operation, &types).context(|| format!("operation {index} ({name})"))?;
            types.push(&operation.ty);
        }
        let outputs = fields.take("outputs", |list| outputs(list, types.len()))?;
        let updates = fields.take("updates", |list| updates(list, inputs.len(), &state, &types))?;
        fields.finish().context(|| "program")?;
        let operations = parsed.into_iter().map(|(_, operation)| operation).collect();
        Ok(Program { inputs, state, operations, outputs, updates })
    }

    /// The number of values that are there before the first operation.
    pub fn variables(&self) -> usize {
        self.inputs.len() + self.state.len()
    }

    /// The type of a value.
    pub fn ty(&self, value: usize) -> &Type {
        let (inputs, variables) = (self.inputs.len(), self.variables());
        match value {
            _ if value < inputs => &self.inputs[value].ty,
            _ if value < variables => &self.state[value - inputs].ty,
            _ => &self.operations[value - variables].ty,
        }
    }
}

fn expect(found: &Json, wanted: &Json) -> Result<()> {
    ensure!(found == wanted, "expected {wanted:?}, found {found:?}");
    Ok(())
}

/// Converts every item of a list; an error names the index.
fn each<'a, T>(list: &'a Json, mut convert: impl FnMut(&'a Json) -> Result<T>) -> Result<Vec<T>> {
    let items = list.array()?.iter().enumerate();
    items.map(|(index, item)| convert(item).context(|| format!("item {index}"))).collect()
}

/// # Errors
/// If this is no name: 1 to 255 bytes of UTF-8 without control characters.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let valid = (1..=255).contains(&name.len()) && !name.chars().any(char::is_control);
    ensure!(valid, "a name must have 1 to 255 bytes of UTF-8 without control characters, found {name:?}");
    Ok(())
}

/// A name that was not used before.
fn fresh_name<'a>(json: &'a Json, used: &mut BTreeSet<&'a str>) -> Result<String> {
    let name = json.string()?;
    check_name(name)?;
    ensure!(used.insert(name), "the name {name:?} is used twice");
    Ok(name.to_owned())
}

fn read_type(dtype: &str, shape: &[u64]) -> Result<Type> {
    Type::new(DType::parse(dtype)?, shape)
}

fn variables<'a>(list: &'a Json, names: &mut BTreeSet<&'a str>) -> Result<Vec<Variable>> {
    each(list, |item| {
        let mut fields = item.fields()?;
        let name = fields.take("name", |json| fresh_name(json, names))?;
        let ty = read_type(fields.take("dtype", Json::string)?, &fields.take("shape", Json::dimensions)?)?;
        fields.finish()?;
        Ok(Variable { name, ty })
    })
}

/// The operations with their names, their values numbered from `first` on; types are not compared yet.
fn operations(list: &Json, first: usize) -> Result<Vec<(&str, Operation)>> {
    let list = list.array()?;
    ensure!(list.len() <= MAX_OPERATIONS, "{} operations are above the limit of {MAX_OPERATIONS}", list.len());
    let mut result = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let mut name = "?";
        let operation = operation(item, first + index, &mut name).context(|| format!("operation {index} ({name})"))?;
        result.push((name, operation));
    }
    Ok(result)
}

fn operation<'a>(item: &'a Json, number: usize, name: &mut &'a str) -> Result<Operation> {
    let mut fields = item.fields()?;
    *name = fields.take("op", Json::string)?;
    let inputs = fields.take("inputs", |list| each(list, |json| value(json, number)))?;
    fields.take("output", |json| json.integer(number as u64..=number as u64)).context(|| "the value's number")?;
    let ty = read_type(fields.take("dtype", Json::string)?, &fields.take("shape", Json::dimensions)?)?;
    let op = fields.take("attributes", |json| Op::parse(name, json))?;
    fields.finish()?;
    Ok(Operation { op, inputs, ty })
}

/// The number of a value that exists already.
fn value(json: &Json, values: usize) -> Result<usize> {
    let number = json.integer(0..=u64::MAX)?;
    match usize::try_from(number) {
        Ok(number) if number < values => Ok(number),
        _ => fail!("there is no value {number} here, only 0 … below {values}"),
    }
}

fn check(operation: &Operation, types: &[&Type]) -> Result<()> {
    let operands: Vec<&Type> = operation.inputs.iter().map(|&input| types[input]).collect();
    let found = operation.op.infer(&operands)?;
    ensure!(found == operation.ty, "yields {found}, but the program says {}", operation.ty);
    Ok(())
}

fn outputs(list: &Json, values: usize) -> Result<Vec<(String, usize)>> {
    let mut names = BTreeSet::new();
    each(list, |item| {
        let mut fields = item.fields()?;
        let name = fields.take("name", |json| fresh_name(json, &mut names))?;
        let value = fields.take("value", |json| value(json, values))?;
        fields.finish()?;
        Ok((name, value))
    })
}

fn updates(list: &Json, inputs: usize, state: &[Variable], types: &[&Type]) -> Result<Vec<(usize, usize)>> {
    let indices: BTreeMap<&str, usize> =
        state.iter().enumerate().map(|(index, variable)| (&variable.name[..], index)).collect();
    let mut updated = BTreeSet::new();
    each(list, |item| {
        let mut fields = item.fields()?;
        let name = fields.take("state", Json::string)?;
        let value = fields.take("value", |json| value(json, types.len()))?;
        fields.finish()?;
        let Some(&index) = indices.get(name) else {
            fail!("there is no state {name:?}");
        };
        ensure!(updated.insert(index), "the state {name:?} is updated twice");
        let (old, new) = (types[inputs + index], types[value]);
        ensure!(old == new, "the state {name:?} is {old}, its new value {value} is {new}");
        Ok((index, value))
    })
}
