//! The rungs *compiles* and *identical-object* on patches that touch several files of one
//! driver: hand-written ones that are right, and the same with what goes wrong only
//! between two files.

mod driver;
mod fixtures;
mod headers;
mod helpers;
mod inlines;
mod merges;
mod parts;
