//! Is it the same program. In: the files before and after a patch. Out: a
//! [`Verdict`]. It shares nothing with the planner but the syntax module, so that
//! the two cannot make the same mistake, and it never repairs anything.

use serde::{Deserialize, Serialize};

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
    /// The code of each member is the same, instruction for instruction.
    IdenticalObject,
}
