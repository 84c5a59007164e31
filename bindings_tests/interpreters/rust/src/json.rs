//! JSON, strictly as RFC 8259 has it: one value, UTF-8, no duplicate keys, nesting of limited depth, numbers within binary64
//! (docs/files.md, section 1).
//! Every input gives a value or an error; the memory used is proportional to the text.

use crate::error::{ensure, fail, Context, Error, Result};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// So many arrays and objects may be open at one place.
pub const MAX_DEPTH: usize = 64;

/// A JSON value. Numbers without sign, fraction and exponent are integers, as long as they fit.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number written as an integer >= 0 that fits in 64 bits.
    Integer(u64),
    /// Any other number, rounded.
    Float(f64),
    /// A string, its escapes resolved.
    String(String),
    /// `[…]`
    Array(Vec<Json>),
    /// `{…}`
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Parses a text that holds exactly one value.
    ///
    /// # Errors
    /// The byte position and the reason, if the text is not JSON, repeats a key, is nested deeper than [`MAX_DEPTH`], or has a number
    /// beyond binary64.
    pub fn parse(text: &str) -> Result<Json> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let value = parser.document();
        value.context(|| format!("JSON, byte {}", parser.at))
    }

    fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Integer(_) => "an integer",
            Json::Float(_) => "a number with a sign, a fraction or an exponent, or beyond 64 bits",
            Json::String(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }

    fn expected<T>(&self, what: &str) -> Result<T> {
        fail!("expected {what}, found {}", self.kind())
    }

    /// The value as a boolean.
    pub fn bool(&self) -> Result<bool> {
        match self {
            Json::Bool(value) => Ok(*value),
            other => other.expected("true or false"),
        }
    }

    /// The value as an integer in a range.
    pub fn integer(&self, range: RangeInclusive<u64>) -> Result<u64> {
        match self {
            Json::Integer(value) if range.contains(value) => Ok(*value),
            Json::Integer(value) => fail!("{value} is outside {} ... {}", range.start(), range.end()),
            other => other.expected("an integer"),
        }
    }

    /// The value as a string.
    pub fn string(&self) -> Result<&str> {
        match self {
            Json::String(value) => Ok(value),
            other => other.expected("a string"),
        }
    }

    /// The value as an array.
    pub fn array(&self) -> Result<&[Json]> {
        match self {
            Json::Array(value) => Ok(value),
            other => other.expected("an array"),
        }
    }

    /// The value as a list of integers in a range.
    pub fn integers(&self, range: RangeInclusive<u64>) -> Result<Vec<u64>> {
        self.array()?.iter().map(|item| item.integer(range.clone())).collect()
    }

    /// The value as the dimensions of a shape, whose limits are checked by [`crate::tensor::Type`].
    pub fn dimensions(&self) -> Result<Vec<u64>> {
        self.integers(0..=u64::MAX)
    }

    /// The value as an object whose keys are all taken one by one.
    pub fn fields(&self) -> Result<Fields<'_>> {
        match self {
            Json::Object(entries) => {
                Ok(Fields { left: entries.iter().map(|(key, value)| (key.as_str(), value)).collect() })
            }
            other => other.expected("an object"),
        }
    }
}

/// The keys of an object that have not been asked for yet: what is left at the end is unknown.
pub struct Fields<'a> {
    left: BTreeMap<&'a str, &'a Json>,
}

impl<'a> Fields<'a> {
    /// The value of a key that may be absent.
    pub fn optional(&mut self, key: &str) -> Option<&'a Json> {
        self.left.remove(key)
    }

    /// Converts the value of a key that must be there.
    pub fn take<T>(&mut self, key: &str, convert: impl FnOnce(&'a Json) -> Result<T>) -> Result<T> {
        match self.left.remove(key) {
            Some(value) => convert(value).context(|| format!("{key:?}")),
            None => fail!("the key {key:?} is missing"),
        }
    }

    /// Fails if any key was not taken.
    pub fn finish(self) -> Result<()> {
        match self.left.keys().next() {
            Some(key) => fail!("unknown key {key:?}"),
            None => Ok(()),
        }
    }
}

/// The string as a JSON string literal.
pub fn quote(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            control if (control as u32) < 0x20 => literal.push_str(&format!("\\u{:04x}", control as u32)),
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn document(&mut self) -> Result<Json> {
        self.space();
        let value = self.value()?;
        self.space();
        ensure!(self.at == self.text.len(), "text after the value");
        Ok(value)
    }

    fn value(&mut self) -> Result<Json> {
        match self.peek() {
            None => fail!("the text ends where a value should be"),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json> {
        let words = [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))];
        for (word, value) in words {
            if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        fail!("no JSON value starts like this")
    }

    fn nested(&mut self, parse: impl FnOnce(&mut Self) -> Result<Json>) -> Result<Json> {
        ensure!(self.depth < MAX_DEPTH, "nested deeper than {MAX_DEPTH} levels");
        self.depth += 1;
        self.at += 1;
        self.space();
        let value = parse(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Json> {
        let mut items = Vec::new();
        if self.eat(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            self.space();
            items.push(self.value()?);
            self.space();
            if self.eat(b']') {
                return Ok(Json::Array(items));
            }
            ensure!(self.eat(b','), "expected ',' or ']' in an array");
        }
    }

    fn object(&mut self) -> Result<Json> {
        let mut entries = BTreeMap::new();
        if self.eat(b'}') {
            return Ok(Json::Object(entries));
        }
        loop {
            self.space();
            ensure!(self.peek() == Some(b'"'), "expected a key, which is a string");
            let key = self.string()?;
            self.space();
            ensure!(self.eat(b':'), "expected ':' after the key {key:?}");
            self.space();
            let value = self.value()?;
            ensure!(!entries.contains_key(&key), "the key {key:?} appears twice");
            entries.insert(key, value);
            self.space();
            if self.eat(b'}') {
                return Ok(Json::Object(entries));
            }
            ensure!(self.eat(b','), "expected ',' or '}}' in an object");
        }
    }

    fn digits(&mut self) -> Result<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        ensure!(self.at > start, "a digit is missing in a number");
        Ok(())
    }

    fn number(&mut self) -> Result<Json> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        let literal = &self.text[start..self.at];
        if let Ok(value) = literal.parse() {
            return Ok(Json::Integer(value)); // neither a sign nor a fraction nor an exponent parses
        }
        let value: f64 = literal.parse().context(|| "a number")?;
        ensure!(value.is_finite(), "a number beyond binary64");
        Ok(Json::Float(value))
    }

    fn string(&mut self) -> Result<String> {
        self.at += 1;
        let mut value = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            value.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(value);
                }
                Some(b'\\') => value.push(self.escape()?),
                Some(_) => fail!("a control character stands in a string; write it as an escape"),
                None => fail!("a string does not end"),
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        self.at += 1;
        let letter = self.peek();
        self.at += usize::from(letter.is_some());
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => fail!("unknown escape in a string"),
        })
    }

    fn unicode_escape(&mut self) -> Result<char> {
        let first = self.hex4()?;
        let code = if (0xd800..0xdc00).contains(&first) && self.eat(b'\\') && self.eat(b'u') {
            let second = self.hex4()?;
            ensure!((0xdc00..0xe000).contains(&second), "half a surrogate pair in a string");
            0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| Error::new("half a surrogate pair in a string"))
    }

    fn hex4(&mut self) -> Result<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        ensure!(digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit), "\\u needs four hex digits");
        let code = digits.iter().fold(0, |code, &digit| code * 16 + (digit as char).to_digit(16).unwrap_or(0));
        self.at += 4;
        Ok(code)
    }
}
