//! The command `check`: what this reader thinks of files.

use crate::say;
use paragon_reference::error::{Error, Result};
use paragon_reference::kinds;
use paragon_reference::safetensors::Header;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// Prints a verdict on each file, and on the regular files of each folder.
pub fn check(paths: &[&str]) -> Result<ExitCode> {
    let mut refused = false;
    for path in paths {
        let folder = Path::new(path);
        match files(folder) {
            Ok(None) => refused |= judge(path, verdict(folder))?,
            Ok(Some(files)) => {
                for name in files {
                    refused |= judge(&format!("{path}/{}", name.to_string_lossy()), verdict(&folder.join(name)))?;
                }
            }
            Err(error) => refused |= judge(path, Err(error))?,
        }
    }
    Ok(ExitCode::from(u8::from(refused)))
}

fn verdict(path: &Path) -> Result<()> {
    kinds::check(&Header::read(path)?)
}

/// Prints a verdict, in one line; whether it refuses.
fn judge(path: &str, verdict: Result<()>) -> Result<bool> {
    match &verdict {
        Ok(()) => say(format_args!("{path}: ok"))?,
        Err(error) => say(format_args!("{path}: refused: {}", error.to_string().replace(char::is_control, " ")))?,
    };
    Ok(verdict.is_err())
}

/// The names in a folder, sorted by their bytes.
pub fn names(folder: &Path) -> Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name());
    }
    names.sort();
    Ok(names)
}

/// The names of the regular files in a folder, also of those that a link leads to; nothing if the path is no folder.
fn files(path: &Path) -> Result<Option<Vec<OsString>>> {
    if !path.is_dir() {
        return Ok(None);
    }
    let mut names = names(path)?;
    names.retain(|name| path.join(name).is_file());
    if names.is_empty() {
        return Err(Error::new("a folder without files"));
    }
    Ok(Some(names))
}
