//! Statements that several functions have in common, as functions of their own
//! (*Extract Function*: Fowler, *Refactoring*, 2nd ed., ch. 6), so that the planner
//! deals with functions only. In: the members of a group whose whole bodies no rule
//! takes. Out: the file with one run of statements of each member lifted out of it,
//! still one function for each member; what these have in common is for the planner.
//!
//! [`runs`] finds what the members share, [`interface`] what such a run takes and
//! gives, [`lift`] writes it down. None of it is believed: the check
//! [`lifted`](crate::verify::lifted) puts each function back in its place.

pub mod interface;
pub mod lift;
pub mod runs;

pub use lift::{Lifted, lift};
pub use runs::{Run, common};
