//! What the program tells its caller.

use std::process::ExitCode;

/// The exit codes of the contract. A closed pipe is not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Done, and what was asked not to be there is there: a kind that `--deny`
    /// names, a group that `--baseline` does not, a proposal that does not apply.
    Found = 1,
    /// Wrong usage, unreadable input, broken configuration, a stale or missing
    /// store entry.
    Failed = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
