//! For the tests of the whole pipeline: runs the built program on a tree and reads
//! its JSON.

pub mod plan;
