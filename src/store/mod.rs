//! Proposals, decisions, apply. In: proposals and their patches. Out: the
//! `.drvdedup` folder and the tree itself. A crash at any moment leaves the tree
//! before or after an apply, never between.

use crate::tree::TreePath;
use crate::verify::Verdict;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A patch on offer, as it is stored and printed (see the contract).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Eight hexadecimal digits.
    pub id: String,
    /// Id of the clone group that it removes.
    pub group: String,
    /// Name of the rewrite rule that made it.
    pub rewrite: String,
    /// The remedy, as the contract names them.
    pub strategy: String,
    /// Files that the patch touches, sorted.
    pub files: Vec<TreePath>,
    /// Lines that the patch adds.
    pub lines_added: u32,
    /// Lines that the patch removes.
    pub lines_removed: u32,
    /// Path of the patch file, relative to the top of the tree.
    pub patch: String,
    /// The highest rung that it reached.
    pub verdict: Verdict,
    /// What a reviewer should know.
    pub notes: Vec<String>,
    /// Subject line of the patch's message.
    #[serde(default)]
    pub subject: String,
    /// Body of the patch's message.
    #[serde(default)]
    pub message: String,
    /// SHA-256, in hexadecimal, of every file that it was planned against.
    pub base: BTreeMap<TreePath, String>,
}
