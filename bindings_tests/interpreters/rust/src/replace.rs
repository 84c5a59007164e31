//! Files as a whole: read if they are regular, replaced so that a reader finds the old one or the whole new one.

use crate::error::{ensure, fail, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

/// The most bytes that are read: a file is read whole.
const MAX_FILE: u64 = 4 << 30;
/// The most links that lead from one to the next.
const MAX_LINKS: usize = 40;

/// The content of a regular file. What is none (a FIFO, a device) might never end.
///
/// # Errors
/// If there is none, or it is no regular file or too large.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    ensure!(metadata.is_file(), "not a regular file");
    ensure!(metadata.len() <= MAX_FILE, "{} bytes, at most {MAX_FILE} are read", metadata.len());
    Ok(fs::read(path)?)
}

/// Writes a temporary file beside the target, flushes it to the disk, and renames it. Links are followed, the permissions
/// of a file that is there are kept, and what is no regular file (a device, a FIFO) is written through.
///
/// # Errors
/// If it cannot be written; the target is as it was then.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let there = match fs::metadata(path) {
        Ok(there) if !there.is_file() => {
            return Ok(OpenOptions::new().write(true).open(path)?.write_all(bytes)?);
        }
        Ok(there) => Some(there.permissions()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let target = follow_links(path)?;
    let Some(name) = target.file_name() else { fail!("not the name of a file") };
    let temporary = target.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        there.map_or(Ok(()), |permissions| file.set_permissions(permissions))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &target)
    });
    if written.is_err() {
        // The first error is the one to report; the temporary file may not even exist.
        let _ = fs::remove_file(&temporary);
    }
    Ok(written?)
}

/// Where a path leads in the end, also where nothing is yet.
fn follow_links(path: &Path) -> Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(path), // not a link
        }
    }
    fail!("too many links")
}
