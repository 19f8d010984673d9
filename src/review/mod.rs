//! A person decides about proposals, one after the other. In: [`Candidate`]s. Out: what
//! the person wants, as [`Task`]s, which a [`Desk`] carries out. It writes nothing itself.
//!
//! ```text
//! session   what a key means: knows no terminal
//! page      what is to be read of a candidate, as lines with styles
//! screen    where it stands on the terminal
//! terminal  keys in, screens out, and the terminal as it was in the end
//! edit      a patch that a person has changed, read without counting lines
//! ```

pub mod edit;
mod page;
mod screen;
mod session;
mod terminal;

pub use session::{Key, Session, Task};
pub use terminal::{End, is_possible, run};

use crate::detect::CloneGroup;
use crate::store::{Decision, Proposal};

/// A proposal that somebody is to decide about.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// With the verdict that holds for its patch.
    pub proposal: Proposal,
    /// Its patch.
    pub patch: Vec<u8>,
    /// Why it does not fit the tree any more, if it does not.
    pub stale: Option<String>,
    /// Its group; `None` where the tree no longer has it.
    pub group: Option<CloneGroup>,
    /// What was decided.
    pub decision: Option<Decision>,
    /// The driver of its first file.
    pub driver: String,
    /// The entries of `MAINTAINERS` that it concerns, a line each, the nearest first.
    pub concerned: Vec<String>,
}

/// A candidate that is another now, and what there is to say of it.
pub struct Changed {
    /// In the place of the old one.
    pub candidate: Box<Candidate>,
    /// For the person.
    pub said: String,
}

/// Does what a person wants done. Errors are for the person to read.
pub trait Desk {
    /// Remembers a decision, or that there is none any more.
    ///
    /// # Errors
    /// When it cannot be saved: it does not hold then.
    fn decide(&mut self, ids: &[String], decision: Option<&Decision>) -> Result<(), String>;

    /// Remembers with which proposal to go on; `None` with the first that is open.
    fn leave_at(&mut self, id: Option<&str>);

    /// Has the person edit the patch, and checks what comes of it. The terminal is the
    /// editor's meanwhile. `None` where nothing was changed.
    ///
    /// # Errors
    /// Why the patch cannot be taken; what was typed is there at the next try.
    fn edit(&mut self, candidate: &Candidate) -> Result<Option<Changed>, String>;

    /// Plans the proposal anew with another name of its helper.
    ///
    /// # Errors
    /// Why it cannot be called so.
    fn rename(&mut self, candidate: &Candidate, name: &str) -> Result<Changed, String>;
}
