//! Files as a whole: read if they are regular, replaced so that a reader finds the old one or the whole new one.

use crate::error::{ensure, fail, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// The most bytes that are read: a file is read whole.
const MAX_FILE: u64 = 4 << 30;
/// The most links that lead from one to the next.
const MAX_LINKS: usize = 40;

/// A regular file, and its size. What is none (a FIFO, a device) might never end.
///
/// # Errors
/// If there is none, or it is no regular file.
pub(crate) fn open(path: &Path) -> Result<(File, u64)> {
    ensure!(fs::metadata(path)?.is_file(), "not a regular file");
    let file = File::open(path)?;
    let size = file.metadata()?.len(); // of the file that was opened: another may be in its place
    Ok((file, size))
}

/// The content of a regular file.
///
/// # Errors
/// If there is none, or it is no regular file or too large.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let (mut file, size) = open(path)?;
    ensure!(size <= MAX_FILE, "{size} bytes, at most {MAX_FILE} are read");
    let mut bytes = Vec::with_capacity(size as usize);
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
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
    let (mut file, temporary) = create_beside(&target)?;
    let written = there.map_or(Ok(()), |permissions| file.set_permissions(permissions)).and_then(|()| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &target)
    });
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    Ok(written?)
}

/// A new file in the folder of `target`, under a name that no other writer has, in this process or another.
fn create_beside(target: &Path) -> Result<(File, PathBuf)> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let Some(name) = target.file_name() else { fail!("not the name of a file") };
    loop {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = target.with_file_name(format!(".{}.{}.{number}.tmp", name.to_string_lossy(), process::id()));
        match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {} // a dead process has left it
            made => return Ok((made?, path)),
        }
    }
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
