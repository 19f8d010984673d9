//! For the tests of the whole pipeline: runs the built program on a tree, reads
//! its JSON, and tells new compiler warnings from old ones.

pub mod diagnostics;
pub mod plan;
