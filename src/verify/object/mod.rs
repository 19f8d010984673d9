//! Is it the same machine code. In: the bytes of two relocatable objects, before
//! and after a patch, compiled with the helper forced inline, interprocedural
//! passes off and a section for every function and object. Out: for each function
//! and each piece of data that it is the same, or a [`Difference`] that names the
//! first unlike instruction on both sides. Nothing here runs a process or opens a
//! file, and no bytes whatever make it panic.
//!
//! Two things are the same when they are equal up to where the linker would put
//! them: an instruction with what its relocations mean (a symbol by name, a string
//! or an unnamed constant by its contents, a jump by the instruction it goes to).
//! In doubt they differ. Static variables of one name are told apart by their use,
//! and each may stand for one only, so that merged state is found.
//!
//! `elf` reads, `layout` files by name and place, `code` decodes, `place`
//! says what stands somewhere, `pairing` what stands for what, `steps`,
//! `data` and `content` compare, `cause` explains; `pure`, with `registers`, says of a
//! function that it may be run outside of a kernel, and `image` puts it where it can be.

mod cause;
mod code;
mod compare;
mod content;
mod data;
mod elf;
mod image;
mod layout;
mod leftovers;
mod names;
mod pairing;
mod place;
mod pure;
mod records;
mod registers;
mod rows;
mod sections;
mod steps;
#[cfg(test)]
mod tests;
mod text;
mod users;

pub use compare::{compare, compare_functions, compare_merged, compare_rows};
pub use elf::{ObjectError, text_size};
pub use image::{Flush, Image, Piece};
pub use layout::Object;
pub use pure::Pure;
pub use rows::{Held, Row};

use std::collections::BTreeSet;
use std::fmt;

/// Whether two objects are compiled from the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Yes, before and after: a static variable of one is that of the other.
    Same,
    /// No: each has its own static variables, whatever they are called.
    Other,
}

/// Functions of the object before whose addresses may be that of one after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Names of functions that a patch takes away.
    pub functions: BTreeSet<String>,
    /// Name of the one that stands for them; empty where none does.
    pub into: String,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A function with its unlikely part and its entries in the kernel's tables.
    Function(String),
    /// A variable or a constant with a name.
    Data(String),
    /// A section without names in it.
    Section(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Function(name) => write!(f, "{name}()"),
            Subject::Data(name) => write!(f, "data {name}"),
            Subject::Section(name) => write!(f, "section {name}"),
        }
    }
}

/// One instruction, or one place of some data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The symbol that the offset counts from: the function, its unlikely part
    /// (`f.cold`), the data or a section.
    pub symbol: String,
    /// Bytes from the symbol.
    pub offset: u64,
    /// Number of the instruction in its function, from 0 and without no-ops.
    pub index: Option<usize>,
    /// The instruction in AT&T syntax, or what the data holds.
    pub text: String,
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` at {}+{:#x}", self.text, self.symbol, self.offset)
    }
}

/// The likely cause of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A constant has another value.
    Constant,
    /// Another member, or the same in a struct of another layout.
    Member,
    /// A value of another width or sign.
    Width,
    /// A function is called more or less often: something is evaluated twice, or
    /// a statement is missing.
    Calls {
        /// The function that is called.
        callee: String,
        /// Number of calls before.
        before: usize,
        /// Number of calls after.
        after: usize,
    },
    /// Another function is called or pointed to.
    OtherCallee,
    /// A string that is a function's name: `__func__` of the helper.
    FunctionName,
    /// Another string.
    Text,
    /// Two static variables have become one, or one two.
    StaticState {
        /// The variable, as the object names it.
        name: String,
    },
    /// A case of a switch goes elsewhere.
    JumpTable,
    /// Other bytes in data.
    Contents,
    /// The same operations with other registers, stack slots or exchanged
    /// comparisons. It may be the compiler's choice or exchanged arguments: not
    /// proved, but worth another try at another optimisation level.
    AllocationOnly,
    /// The same operations in another order; as with [`Cause::AllocationOnly`].
    Reordered,
}

impl Cause {
    /// Whether the same comparison at another optimisation level may come out
    /// equal.
    pub fn is_worth_a_retry(&self) -> bool {
        matches!(self, Cause::AllocationOnly | Cause::Reordered)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Constant => write!(f, "another constant"),
            Cause::Member => write!(f, "another member, or another layout of the struct"),
            Cause::Width => write!(f, "another width or sign of a value"),
            Cause::Calls { callee, before, after } if after > before => write!(
                f,
                "calls {callee} {after} times instead of {before}: is an argument evaluated twice?"
            ),
            Cause::Calls { callee, before, after } => {
                write!(f, "calls {callee} {after} times instead of {before}")
            }
            Cause::OtherCallee => write!(f, "another function"),
            Cause::FunctionName => write!(f, "__func__ is the helper's name"),
            Cause::Text => write!(f, "another string"),
            Cause::StaticState { name } => write!(f, "static state {name} is merged or split"),
            Cause::JumpTable => write!(f, "a case of a switch goes elsewhere"),
            Cause::Contents => write!(f, "other contents"),
            Cause::AllocationOnly => write!(f, "only registers or stack slots differ"),
            Cause::Reordered => write!(f, "the same operations in another order"),
        }
    }
}

/// The first thing by which a function or some data differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs, by its name before.
    pub subject: Subject,
    /// What was there; `None` when nothing more was.
    pub before: Option<Excerpt>,
    /// What is there; `None` when nothing more is.
    pub after: Option<Excerpt>,
    /// In what way.
    pub detail: String,
    /// Why, where it can be told.
    pub cause: Option<Cause>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.detail)?;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, ": {before} became {after}")?,
            (Some(before), None) => write!(f, ": {before} became nothing")?,
            (None, Some(after)) => write!(f, ": nothing became {after}")?,
            (None, None) => {}
        }
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, " ({cause})"))
    }
}

/// What came out of comparing two objects; every list is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What both have, equal.
    pub same: Vec<Subject>,
    /// What only the object before has.
    pub gone: Vec<Subject>,
    /// What only the object after has.
    pub new: Vec<Subject>,
    /// What both have, unlike.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Those of `functions` that are not the same: gone, unlike or never there.
    pub fn unaccounted<'n>(&self, functions: &[&'n str]) -> Vec<&'n str> {
        let is = |name: &str, subject: &Subject| matches!(subject, Subject::Function(found) if found == name);
        let open = functions.iter().copied();
        open.filter(|name| !self.same.iter().any(|subject| is(name, subject))).collect()
    }
}
