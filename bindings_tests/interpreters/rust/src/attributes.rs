//! The attributes of operations: how each is written in a program, and its value once it is read. What depends on the
//! operands is checked by the shape rules.

use crate::error::{ensure, fail, Context, Result};
use crate::json::Json;
use crate::tensor::{DType, MAX_ELEMENTS};
use std::collections::BTreeMap;

/// The length at which a reduction is cut into panels; `null` in a program is [`Panel::NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panel(u64);

impl Panel {
    /// No cut: one panel.
    pub const NONE: Panel = Panel(u64::MAX);

    /// # Errors
    /// If the length is below 2, with which a reduction would never end, or beyond 2^31-1.
    pub fn new(length: u64) -> Result<Panel> {
        ensure!((2..=MOST).contains(&length), "a panel of {length} is refused; it must be in 2 ... {MOST}, or null");
        Ok(Panel(length))
    }

    /// The number of terms in a panel.
    pub fn length(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The value of an attribute.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Flag(bool),
    Number(u64),
    Numbers(Vec<u64>),
    Word(u32),
    DType(DType),
    Panel(Panel),
    Choice(&'static str),
}

/// An attribute of an operation: its name and the form in which it is written.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Its key in a program.
    pub name: &'static str,
    /// Reads its value, or says what is wrong with it.
    pub form: fn(&Json) -> Result<Value>,
}

/// `axes`: a list of axes.
pub const AXES: Attribute = Attribute { name: "axes", form: numbers };
/// `axis`
pub const AXIS: Attribute = Attribute { name: "axis", form: number };
/// `dtype`
pub const DTYPE: Attribute = Attribute { name: "dtype", form: |json| Ok(Value::DType(DType::parse(json.string()?)?)) };
/// `keepdims`
pub const KEEPDIMS: Attribute = Attribute { name: "keepdims", form: flag };
/// `panel`
pub const PANEL: Attribute = Attribute { name: "panel", form: panel };
/// `shape`
pub const SHAPE: Attribute = Attribute { name: "shape", form: numbers };
/// `word`: the bits of an element.
pub const WORD: Attribute = Attribute { name: "word", form: word };

/// `true` or `false`.
pub fn flag(json: &Json) -> Result<Value> {
    Ok(Value::Flag(json.bool()?))
}

/// The largest integer that an attribute can have, unless it says otherwise.
pub const MOST: u64 = MAX_ELEMENTS;

/// An integer in 0 ... 2^31-1.
pub fn number(json: &Json) -> Result<Value> {
    Ok(Value::Number(json.integer(0..=MOST)?))
}

/// A list of integers in 0 ... 2^31-1.
pub fn numbers(json: &Json) -> Result<Value> {
    Ok(Value::Numbers(json.integers(0..=MOST)?))
}

/// N integers in least ... 2^31-1.
pub fn exactly<const N: usize>(json: &Json, least: u64) -> Result<Value> {
    let list = json.integers(least..=MOST)?;
    ensure!(list.len() == N, "expected {N} numbers, found {}", list.len());
    Ok(Value::Numbers(list))
}

/// One of some words; `kind` says in an error what they are.
pub fn choice(json: &Json, kind: &str, words: &[&'static str]) -> Result<Value> {
    let found = json.string()?;
    match words.iter().find(|word| **word == found) {
        Some(word) => Ok(Value::Choice(word)),
        None => fail!("unknown {kind} {found:?}; there are {}", words.join(", ")),
    }
}

fn panel(json: &Json) -> Result<Value> {
    Ok(Value::Panel(match json {
        Json::Null => Panel::NONE,
        length => Panel::new(length.integer(0..=u64::MAX)?)?,
    }))
}

fn word(json: &Json) -> Result<Value> {
    let digits = json.string()?;
    let valid = digits.len() == 8 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    ensure!(valid, "{digits:?} is no word: 8 lower-case hex digits");
    Ok(Value::Word(u32::from_str_radix(digits, 16).context(|| "a word")?))
}

/// The attributes of one operation. The functions that give a value expect that the operation has declared an attribute of that
/// name and form; anything else is a fault of the table and panics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes(BTreeMap<&'static str, Value>);

impl Attributes {
    /// Reads all declared attributes.
    ///
    /// # Errors
    /// If one is missing, or not of its form, or there are others.
    pub fn read(declared: &[Attribute], json: &Json) -> Result<Attributes> {
        let mut fields = json.fields()?;
        let values =
            declared.iter().map(|attribute| Ok((attribute.name, fields.take(attribute.name, attribute.form)?)));
        let values = values.collect::<Result<_>>()?;
        fields.finish()?;
        Ok(Attributes(values))
    }

    /// The value of a flag.
    pub fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Flag(flag)) => *flag,
            other => undeclared(name, other),
        }
    }

    /// The value of a number.
    pub fn number(&self, name: &str) -> u64 {
        match self.0.get(name) {
            Some(Value::Number(number)) => *number,
            other => undeclared(name, other),
        }
    }

    /// The value of a list of numbers.
    pub fn numbers(&self, name: &str) -> &[u64] {
        match self.0.get(name) {
            Some(Value::Numbers(numbers)) => numbers,
            other => undeclared(name, other),
        }
    }

    /// A number that counts axes, points or the like; one that no memory holds becomes the largest.
    pub fn index(&self, name: &str) -> usize {
        usize::try_from(self.number(name)).unwrap_or(usize::MAX)
    }

    /// A list of such numbers.
    pub fn indices(&self, name: &str) -> Vec<usize> {
        self.numbers(name).iter().map(|&number| usize::try_from(number).unwrap_or(usize::MAX)).collect()
    }

    /// The value of a word.
    pub fn word(&self, name: &str) -> u32 {
        match self.0.get(name) {
            Some(Value::Word(word)) => *word,
            other => undeclared(name, other),
        }
    }

    /// The value of a dtype.
    pub fn dtype(&self, name: &str) -> DType {
        match self.0.get(name) {
            Some(Value::DType(dtype)) => *dtype,
            other => undeclared(name, other),
        }
    }

    /// The value of a panel.
    pub fn panel(&self, name: &str) -> Panel {
        match self.0.get(name) {
            Some(Value::Panel(panel)) => *panel,
            other => undeclared(name, other),
        }
    }

    /// The word that was chosen.
    pub fn choice(&self, name: &str) -> &'static str {
        match self.0.get(name) {
            Some(Value::Choice(word)) => word,
            other => undeclared(name, other),
        }
    }
}

fn undeclared(name: &str, found: Option<&Value>) -> ! {
    unreachable!("the table does not declare {name:?} with this form, but {found:?}")
}
