//! Files in a user's folder that extend ours, or override them by name: rules, their
//! templates, lists of names.

use std::path::{Path, PathBuf};
use thiserror::Error;

/// A file of a user's folder that cannot be used.
#[derive(Debug, Error)]
pub enum OverrideError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It does not say what it should.
    #[error("{path}: {message}", path = path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and key.
        message: String,
    },
}

/// The files with the extension in `folder/subfolder`, by name, with their
/// texts. A folder without that subfolder has none.
///
/// # Errors
/// A folder that is not there, or a file that cannot be read.
pub fn user_files(
    folder: &Path,
    subfolder: &str,
    extension: &str,
) -> std::io::Result<Vec<(PathBuf, String)>> {
    let named = |path: &Path, error: std::io::Error| {
        std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    std::fs::read_dir(folder).map_err(|error| named(folder, error))?;
    let folder = folder.join(subfolder);
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| named(&folder, error))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|e| e == extension));
    paths.sort();
    let read = |path: PathBuf| match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(error) => Err(named(&path, error)),
    };
    paths.into_iter().map(read).collect()
}
