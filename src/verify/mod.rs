//! Is it the same program. In: the files before and after a patch, and what the
//! proposal claims to do ([`Claim`]). Out: a [`Verdict`], and where it fails the
//! first [`Problem`]. It shares nothing with the planner but the syntax module, so
//! that the two cannot make the same mistake, and it never repairs anything.
//!
//! The rungs: [`parses`] compares parse gaps; [`expands`] checks one file against
//! the claim with the comparison core in [`align`], which knows only two function
//! definitions and the arguments between them; [`across`] does so for several files; [`build`] runs the
//! compiler, [`object`] compares what it made of the files, and [`ladder`] climbs
//! *compiles* and *identical-object* with them.

pub mod across;
pub mod align;
pub mod build;
pub mod callsites;
pub mod constant;
pub mod context;
pub mod definition;
pub mod early;
pub mod elided;
pub mod expands;
pub mod facts;
pub mod family;
pub mod ir;
pub mod ladder;
mod library;
pub mod lifted;
mod lookup;
pub mod macros;
pub mod names;
pub mod object;
pub mod parses;
pub mod path;
pub mod placement;
mod preamble;
mod scope;
pub mod signature;
pub mod substitution;
mod tables;
#[cfg(test)]
mod tests;
pub mod unit;
mod unrolled;
pub mod width;
pub mod wording;

pub use scope::{Scope, TreeScope};

use crate::syntax::LoopMacros;
use crate::tree::TreePath;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The rung of the ladder that a proposal reached (see the contract). Ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It did not even apply, or a rung found a difference.
    Failed,
    /// The patch applies to the tree as it stands.
    Applies,
    /// Every touched file has no more parse gaps than before.
    Parses,
    /// Substituting each call's arguments gives the member that was there.
    Expands,
    /// Every touched object builds without a new warning.
    Compiles,
    /// The code of each member is the same, instruction for instruction; or, where it
    /// rightly differs, returns the same for all arguments.
    IdenticalObject,
}

/// The contents of files by their paths.
pub type Files = BTreeMap<TreePath, Vec<u8>>;

/// What a proposal says that it does. Nothing in it is believed: it only says
/// which functions the check has to account for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// File and name of every function that is replaced, as it stood before.
    pub members: Vec<(TreePath, String)>,
    /// Name of the new function; `None` when copies are merged.
    pub helper: Option<String>,
    /// File of the helper; `None`: that of the first member.
    pub helper_path: Option<TreePath>,
    /// Name, after the patch, of the one copy that survives: a member's own name
    /// or a new one.
    pub merged_into: Option<String>,
    /// The members only call the function that they are merged into, which was there
    /// before, and go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_elision: bool,
    /// File and name of every function that keeps its name, its signature and its
    /// meaning with another body: one that goes through a table now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewritten: Vec<(TreePath, String)>,
    /// What in the one rewritten function has become a table; nothing else has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tabled: Option<Tabled>,
    /// The helper takes what the members differed in from the rows by which they were
    /// reached, and is named there in their place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<family::Rows>,
    /// Where the helper does what a part of each member did: how these parts become
    /// functions of their own before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lift: Option<Lift>,
}

/// What became a table, see [`Claim::tabled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tabled {
    /// A `switch`: an array is indexed by its key.
    Switch,
    /// Statements of one shape: a loop takes their constants from the rows.
    Run,
}

/// A text in which a part of each member is a function of its own (see [`lifted`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lift {
    /// The names of these functions, in the order of the members.
    pub parts: Vec<String>,
    /// What to put in the place of which bytes of each file before, in order.
    #[serde(rename = "files", default)]
    pub edits: BTreeMap<TreePath, Vec<(usize, usize, String)>>,
}

impl Claim {
    /// Whether it is about new bodies alone: what they do is no question of their
    /// texts, so that only the code can show that it is the same.
    pub fn is_of_code_alone(&self) -> bool {
        !self.rewritten.is_empty()
            && self.tabled.is_none()
            && self.members.is_empty()
            && self.target().is_none()
    }

    /// Name of the function that does the members' work after the patch.
    pub fn target(&self) -> Option<&str> {
        self.helper.as_deref().or(self.merged_into.as_deref())
    }

    /// Whether some member does not stand in the file of that function.
    pub fn is_across_files(&self) -> bool {
        self.target_path().is_some_and(|path| self.members.iter().any(|(it, _)| it != path))
    }

    /// File of that function.
    pub fn target_path(&self) -> Option<&TreePath> {
        self.helper_path.as_ref().or(self.members.first().map(|(path, _)| path))
    }
}

/// The first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {detail}{}", self.after_line.map(|l| format!(" (line {l} after the patch)")).unwrap_or_default())]
pub struct Problem {
    /// The rung that was not reached.
    pub rung: Verdict,
    /// File, the same before and after.
    pub path: TreePath,
    /// Line before the patch, from 1.
    pub line: u32,
    /// Line after the patch, where there is one.
    pub after_line: Option<u32>,
    /// What differs, with both texts.
    pub detail: String,
}

/// How far up the ladder a proposal came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Climb {
    /// The highest rung reached; [`Verdict::Failed`] with any problem.
    pub verdict: Verdict,
    /// Why not higher.
    pub problem: Option<Problem>,
}

/// Climbs *parses* and *expands* with files to which the patch has been applied; with
/// a claim of code alone ([`Claim::is_of_code_alone`]) only *parses*, without a problem.
///
/// `before` and `after` hold the touched files; more do no harm. That `after` is
/// what the patch gives is the caller's word: see [`climb_applied`]. Without a `scope`,
/// nothing is proved of a claim whose members lie in several files.
pub fn climb(
    before: &Files,
    after: &Files,
    claim: &Claim,
    (loops, scope): (&LoopMacros, Option<&dyn Scope>),
) -> Climb {
    let rungs = parses::check(before, after, loops).and_then(|()| {
        if claim.is_of_code_alone() {
            return Ok(Verdict::Parses);
        }
        expands::check(before, after, claim, (loops, scope)).map(|()| Verdict::Expands)
    });
    match rungs {
        Ok(verdict) => Climb { verdict, problem: None },
        Err(problem) => Climb { verdict: Verdict::Failed, problem: Some(problem) },
    }
}

/// Climbs all three rungs with what applying the patch gave: the files after it,
/// or the file, line and reason for which it did not apply.
pub fn climb_applied(
    before: &Files,
    applied: Result<Files, (TreePath, u32, String)>,
    claim: &Claim,
    names: (&LoopMacros, Option<&dyn Scope>),
) -> Climb {
    match applied {
        Ok(after) => climb(before, &after, claim, names),
        Err((path, line, detail)) => {
            let rung = Verdict::Applies;
            let problem = Problem { rung, path, line, after_line: None, detail };
            Climb { verdict: Verdict::Failed, problem: Some(problem) }
        }
    }
}
