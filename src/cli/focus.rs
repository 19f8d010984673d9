//! `--focus FILE[:FUNCTION]`.

use crate::detect::{CloneGroup, Member};
use crate::tree::{KernelTree, SourceFile};
use std::path::Path;

/// A file, or a function of it.
pub struct Focus {
    /// The file.
    pub file: SourceFile,
    /// The function's name.
    function: Option<String>,
}

impl Focus {
    /// What `text` names in the tree.
    pub fn new(tree: &KernelTree, text: &str) -> anyhow::Result<Focus> {
        let found = |path: &str| tree.walk(&[Path::new(path).to_owned()], &[]);
        let (walk, function) = match (found(text), text.rsplit_once(':')) {
            (Ok(walk), _) => (walk, None),
            (Err(_), Some((path, function))) => (found(path)?, Some(function.to_owned())),
            (Err(error), None) => return Err(error.into()),
        };
        match walk.files.as_slice() {
            [file] => Ok(Focus { file: file.clone(), function }),
            files => anyhow::bail!(
                "{text}: {} C files; --focus takes one, or one function of it (FILE:FUNCTION)",
                files.len()
            ),
        }
    }

    /// Whether the group has a member there.
    pub fn takes(&self, group: &CloneGroup) -> bool {
        let here = |member: &Member| {
            member.file == self.file.path
                && self.function.as_ref().is_none_or(|name| *name == member.name)
        };
        group.members.iter().any(here)
    }
}
