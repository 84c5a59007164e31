//! The one error of this crate: a message for people, with context added from the inside out.

use std::fmt;

/// What went wrong, in words that name the thing and, where there is one, the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Error(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error(error.to_string())
    }
}

/// Says where an error happened.
pub trait Context<T> {
    /// Puts `place: ` before the message of an error.
    fn context<P: fmt::Display>(self, place: impl FnOnce() -> P) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context<P: fmt::Display>(self, place: impl FnOnce() -> P) -> Result<T> {
        self.map_err(|error| Error(format!("{}: {error}", place())))
    }
}

/// Returns an error with a formatted message from the surrounding function.
macro_rules! fail {
    ($($message:tt)*) => {
        return Err($crate::error::Error::new(format!($($message)*)))
    };
}

/// Returns an error with a formatted message unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)*) => {
        if !$condition {
            $crate::error::fail!($($message)*);
        }
    };
}

pub(crate) use {ensure, fail};
