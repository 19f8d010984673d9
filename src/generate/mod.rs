//! The C text of a plan. In: a plan and the bytes it was made for. Out: an
//! [`EditSet`] and, from it, a [`Patch`]. It decides nothing: what may be
//! rewritten is the planner's business, how the text looks is the templates'.

pub mod edits;
mod family;
pub mod helper;
pub mod layout;
pub mod library;
pub mod lines;
mod lookup;
pub mod message;
pub mod patch;
mod repeat;
pub mod rewrite;
mod slide;
pub mod templates;
pub mod unidiff;

use crate::tree::TreePath;
use std::collections::BTreeMap;
use std::ops::Range;

/// Replaces a byte range of a file by a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes; empty for an insertion.
    pub range: Range<usize>,
    /// What comes.
    pub text: Vec<u8>,
}

/// Edits of several files. Within a file they are sorted and do not overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditSet {
    /// Edits by file.
    pub files: BTreeMap<TreePath, Vec<Edit>>,
}

/// A unified diff with git headers, and what it touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// The bytes of the diff.
    pub text: Vec<u8>,
    /// Files in the order of the diff.
    pub files: Vec<TreePath>,
    /// Lines that begin with `+`.
    pub lines_added: u32,
    /// Lines that begin with `-`.
    pub lines_removed: u32,
}
