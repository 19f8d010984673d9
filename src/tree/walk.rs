//! The C files below some paths.

use super::path::inside;
use super::{KernelTree, SourceFile, TreeError, TreePath};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

/// Files of more bytes than this are reported instead of read.
pub const MAX_FILE_SIZE: u64 = 64 << 20;

/// Folders that hold no source of the tree.
const SKIPPED: [&str; 2] = [".git", ".drvdedup"];

/// What a walk found. Both lists are sorted and hold nothing twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The C files.
    pub files: Vec<SourceFile>,
    /// What could not be looked at.
    pub unreadable: Vec<Unreadable>,
}

/// A file or folder that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreadable {
    /// Where it is; bytes that are not UTF-8 are replaced by U+FFFD.
    pub path: TreePath,
    /// Why it was left out, for the user.
    pub reason: String,
}

enum Found {
    Source(SourceFile),
    Unreadable(Unreadable),
}

impl KernelTree {
    /// All `.c` files below `paths`, or below `drivers` and `sound` of a kernel tree
    /// (the whole of any other tree) where `paths` is empty. A path may be a file;
    /// it is taken from the current folder if it exists in the tree there, else from
    /// the top. `excludes` are gitignore-style globs seen from the top; a path that
    /// was asked for by name is not excluded, what lies below it may be.
    ///
    /// Symbolic links are not followed: one into the tree is passed over, because
    /// its target is met as itself; any other is reported.
    ///
    /// # Errors
    /// Where a path is missing, cannot be read or lies outside the tree, or an
    /// exclude is not a glob.
    pub fn walk(&self, paths: &[PathBuf], excludes: &[String]) -> Result<Walk, TreeError> {
        let excludes = self.excludes(excludes)?;
        let starts = match paths {
            [] => self.default_starts(),
            paths => paths.iter().map(|path| self.locate(path)).collect::<Result<Vec<_>, _>>()?,
        };
        let Some((first, others)) = starts.split_first() else { return Ok(Walk::default()) };
        let mut builder = WalkBuilder::new(first);
        for start in others {
            builder.add(start);
        }
        builder.standard_filters(false).follow_links(false);
        builder.filter_entry(move |entry| entry.depth() == 0 || !is_left_out(entry, &excludes));

        let (sender, receiver) = channel();
        builder.build_parallel().run(|| {
            let sender = sender.clone();
            Box::new(move |entry| self.visit(entry, &sender))
        });
        drop(sender);
        Ok(Walk::collect(receiver))
    }

    fn default_starts(&self) -> Vec<PathBuf> {
        let parts = ["drivers", "sound"].map(|part| self.root.join(part));
        match self.kernel {
            Some(_) => parts.into_iter().filter(|part| part.is_dir()).collect(),
            None => vec![self.root.clone()],
        }
    }

    /// The absolute path that the user means by `path`.
    fn locate(&self, path: &Path) -> Result<PathBuf, TreeError> {
        let here = fs::canonicalize(path);
        let at_top = fs::canonicalize(self.root.join(path));
        match (here, at_top) {
            (Ok(found), _) | (_, Ok(found)) if found.starts_with(&self.root) => Ok(found),
            (Ok(_), _) | (_, Ok(_)) => {
                Err(TreeError::Outside { path: path.to_path_buf(), root: self.root.clone() })
            }
            (Err(source), _) => Err(TreeError::from_io(path.to_path_buf(), source)),
        }
    }

    fn excludes(&self, globs: &[String]) -> Result<Gitignore, TreeError> {
        let mut builder = GitignoreBuilder::new(&self.root);
        let error = |glob: &str, reason: ignore::Error| TreeError::Exclude {
            glob: glob.to_owned(),
            reason: reason.to_string(),
        };
        for glob in globs {
            builder.add_line(None, glob).map_err(|reason| error(glob, reason))?;
        }
        builder.build().map_err(|reason| error(&globs.join("`, `"), reason))
    }

    fn visit(&self, entry: Result<DirEntry, ignore::Error>, found: &Sender<Found>) -> WalkState {
        let (path, verdict) = match &entry {
            Ok(entry) => (entry.path(), self.examine(entry)),
            Err(error) => (path_of(error).unwrap_or(&self.root), Err(error.to_string())),
        };
        let found_here = match verdict {
            Ok(None) => return WalkState::Continue,
            Ok(Some(file)) => Found::Source(file),
            Err(reason) => Found::Unreadable(Unreadable { path: self.printable(path), reason }),
        };
        let is_folder =
            entry.is_ok_and(|entry| entry.file_type().is_some_and(|kind| kind.is_dir()));
        match found.send(found_here) {
            Err(_) => WalkState::Quit,
            Ok(()) if is_folder => WalkState::Skip,
            Ok(()) => WalkState::Continue,
        }
    }

    /// The C file that `entry` is, or why it was left out; `None` for what is of no
    /// interest and for folders to go into.
    fn examine(&self, entry: &DirEntry) -> Result<Option<SourceFile>, String> {
        let Some(kind) = entry.file_type() else { return Ok(None) };
        let is_source = entry.path().extension().is_some_and(|extension| extension == "c");
        if kind.is_symlink() {
            return self.examine_link(entry.path(), is_source);
        }
        if !kind.is_dir() && !is_source {
            return Ok(None);
        }
        let Some(path) = inside(&self.root, entry.path()) else {
            return Err("its name is not UTF-8".to_owned());
        };
        if kind.is_dir() {
            return Ok(None);
        }
        if !kind.is_file() {
            return Err("not a regular file".to_owned());
        }
        let size = entry.metadata().map_err(|error| error.to_string())?.len();
        if size > MAX_FILE_SIZE {
            return Err(format!(
                "{} MiB long; at most {} MiB are read",
                size >> 20,
                MAX_FILE_SIZE >> 20
            ));
        }
        Ok(Some(SourceFile { path, size }))
    }

    fn examine_link(&self, link: &Path, is_source: bool) -> Result<Option<SourceFile>, String> {
        match fs::canonicalize(link) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let target = fs::read_link(link).unwrap_or_default();
                Err(format!("broken symbolic link to {}", target.display()))
            }
            Err(error) => Err(format!("symbolic link that cannot be followed: {error}")),
            Ok(target) if target.starts_with(&self.root) => Ok(None),
            Ok(target) if is_source || target.is_dir() => {
                Err(format!("symbolic link out of the tree, to {}", target.display()))
            }
            Ok(_) => Ok(None),
        }
    }

    fn printable(&self, path: &Path) -> TreePath {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned()
    }
}

impl Walk {
    fn collect(found: impl IntoIterator<Item = Found>) -> Self {
        let mut walk = Self::default();
        for found in found {
            match found {
                Found::Source(file) => walk.files.push(file),
                Found::Unreadable(unreadable) => walk.unreadable.push(unreadable),
            }
        }
        walk.files.sort_unstable();
        walk.files.dedup();
        walk.unreadable.sort_unstable();
        walk.unreadable.dedup();
        walk
    }
}

fn is_left_out(entry: &DirEntry, excludes: &Gitignore) -> bool {
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    SKIPPED.iter().any(|skipped| entry.file_name() == *skipped)
        || excludes.matched(entry.path(), is_folder).is_ignore()
}

/// The path that a walk's error is about.
fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
