//! What the kinds and the levels mean, for readers who do not have the contract at hand.

use crate::detect::{Kind, Level};

/// The levels, nearest members first.
pub const LEVELS: [Level; 4] = [Level::Driver, Level::Subset, Level::Class, Level::CrossClass];

/// What the members of a group of this kind are, in a few words.
pub fn kind_title(kind: Kind) -> &'static str {
    match kind {
        Kind::Identical => "Identical functions",
        Kind::ConstantOnly => "Functions that differ only in constants",
        Kind::Renamed => "Functions that are the same but for names",
        Kind::Wrapper => "Wrappers around the same call",
        Kind::Gapped => "Functions that are alike but for whole statements",
        Kind::Reimplements => "A function that the kernel has already",
        Kind::Sequence => "Repeated statements of one shape",
    }
}

/// How the members of a group of this kind are alike, as the contract says it.
pub fn kind_text(kind: Kind) -> &'static str {
    match kind {
        Kind::Identical => "The same tokens but for the function's own name.",
        Kind::ConstantOnly => "The same but for literals, enumerators and macro constants.",
        Kind::Renamed => {
            "The same under one consistent renaming: locals are free, each other name that differs \
             is a hole."
        }
        Kind::Wrapper => {
            "The body is one call around device I/O or a kernel function, with argument \
             conversion or one supporting operation beside it."
        }
        Kind::Gapped => "Statements are inserted, removed, changed or exchanged.",
        Kind::Reimplements => "A driver's function does what an existing kernel helper does.",
        Kind::Sequence => {
            "Not whole functions but a run of statements of one shape: register writes, a switch \
             from constants to constants, a block that several functions repeat."
        }
    }
}

/// How far apart the members of a group of this level are.
pub fn level_text(level: Level) -> &'static str {
    match level {
        Level::Driver => "All members are in one driver.",
        Level::Subset => "Several drivers of one class.",
        Level::Class => "At least half of the class's drivers, and three or more.",
        Level::CrossClass => "Drivers of several classes.",
    }
}
