//! Which code is the same. In: source files and their functions. Out:
//! [`CloneGroup`]s. It never proposes anything and never reads a header.
//!
//! ```text
//! facts       every file once: what its tokens tell of each function
//!   normalise   the normal form, and its hash
//!   hash        numbers for texts
//!   spelling    what a name's spelling tells
//!   statements  statements, and their hashes
//!   as_bytes    how hashes are kept
//!   records     how the facts of functions are kept
//!   wrapper     whether a small function is one call and little else
//!   sequence    whether statements of one shape follow each other
//! world       all facts side by side; texts on demand
//! memo        what became of each list of candidates in an earlier scan
//! kinds       the groups, strongest likeness first, every member verified:
//!   group       identical, constant-only, renamed: functions of one form
//!   gapped      functions that share most of their statements
//!   blocks      statements that several functions of a driver repeat
//!   names       which renamed functions have enough names in common
//!   linkage     clusters in which every two are similar
//!   renaming    names that stand for each other, one to one
//! roles       what each token stands for (local, field, type, …)
//! holes       where the members differ
//! level, id   how far apart they are, and what they are called
//! keep        functions that a comment keeps out of the groups
//! rank        which group comes first
//! class_counts  how much code each class holds
//! scan        the whole stage
//! ```

mod as_bytes;
mod blocks;
mod cache;
mod class_counts;
mod common;
mod facts;
mod gapped;
mod group;
mod groups;
mod hash;
mod holes;
mod id;
mod keep;
mod kinds;
mod level;
mod linkage;
mod locals;
mod memo;
mod names;
mod normalise;
mod rank;
mod records;
mod renaming;
mod roles;
mod scan;
mod sequence;
mod sources;
mod spelling;
mod statements;
#[cfg(test)]
mod tests;
mod words;
mod world;
mod wrapped;
mod wrapper;

pub use cache::Cache;
pub use class_counts::{ClassCounts, DriverLines};
pub use groups::Groups;
pub use keep::{Keeps, Kept, Unused, UnusedKeep};
pub use level::Placement;
pub use rank::is_apart;
pub use scan::{Gap, Options, Problem, ProblemKind, Scan, scan};
pub use world::{LeftOut, included_sources};
pub use wrapped::Lists;

use crate::syntax::Function;
use crate::tree::TreePath;
use serde::{Deserialize, Serialize};

/// How the members of a group are alike (see the contract).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The same tokens but for the function's own name.
    Identical,
    /// The same but for literals, enumerators and macro constants.
    ConstantOnly,
    /// The same under one consistent renaming.
    Renamed,
    /// One call around device I/O or a kernel function.
    Wrapper,
    /// Statements inserted, removed, changed or exchanged.
    Gapped,
    /// A driver function that does what a kernel helper does.
    Reimplements,
    /// A run of statements of one shape.
    Sequence,
}

/// How far apart the members are, after Kadav and Swift's three levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// All members in one driver.
    Driver,
    /// Several drivers of one class.
    Subset,
    /// At least half of the class's drivers and three or more.
    Class,
    /// Anything wider.
    CrossClass,
}

/// One function of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Its file.
    pub file: TreePath,
    /// Its name.
    pub name: String,
    /// Its place in the file.
    pub function: Function,
    /// How many functions of the same name precede it in the file.
    pub ordinal: u32,
    /// Module that its file belongs to.
    pub driver: String,
    /// Class of its file.
    pub class: String,
}

/// What stands in a hole (see the contract).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoleKind {
    /// A number or a character constant.
    Integer,
    /// A string literal.
    String,
    /// A macro constant or an enumerator.
    Constant,
    /// The name of a called function or macro.
    Callee,
    /// The name of a type.
    Type,
    /// A member of a structure.
    Field,
    /// Another name of file scope.
    Global,
    /// Anything else.
    Expression,
}

/// A place at which the members differ; places whose values move together are
/// one hole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// What stands there.
    pub kind: HoleKind,
    /// The text in each member, in the order of the members.
    pub values: Vec<String>,
    /// Indices into the members' token sequences (the same in all), increasing.
    pub tokens: Vec<u32>,
}

/// Functions that are the same but for their holes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CloneGroup {
    /// Eight hexadecimal digits, from the members' files and names only.
    pub id: String,
    /// How its members are alike.
    pub kind: Kind,
    /// How far apart they are.
    pub level: Level,
    /// At least two, in the order of file and place.
    pub members: Vec<Member>,
    /// Where they differ, in the order of the text.
    pub holes: Vec<Hole>,
    /// Each member only passes its parameters on: the remedy is to delete it.
    pub adds_nothing: bool,
}

impl CloneGroup {
    /// The member that would stay: the kernel's own function, where the others do the
    /// same again, else the first of the longest.
    pub fn original(&self) -> usize {
        if self.kind == Kind::Reimplements {
            return 0;
        }
        let lines = self.members.iter().map(|member| member.function.lines());
        let longest = lines.clone().max();
        lines.into_iter().position(|lines| Some(lines) == longest).unwrap_or(0)
    }

    /// The members that would go.
    pub fn copies(&self) -> impl Iterator<Item = &Member> {
        let original = self.original();
        let members = self.members.iter().enumerate();
        members.filter(move |(at, _)| *at != original).map(|(_, member)| member)
    }

    /// The lines of the members that would go.
    pub fn redundant_lines(&self) -> u32 {
        self.copies().map(|member| member.function.lines()).sum()
    }

    /// Whether all members lie in one file.
    pub fn in_one_file(&self) -> bool {
        self.members.windows(2).all(|pair| pair[0].file == pair[1].file)
    }
}
