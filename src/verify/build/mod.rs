//! Runs the kernel's make and the compiler. In: a kernel tree, a configuration for
//! it, and texts that shall stand in the place of files. Out: [`Kernel`], which
//! knows how Kbuild compiles each file ([`Compile`]) and what the compiler makes of
//! a text ([`Compiled`]). It never writes to the tree nor to the user's build
//! folder, and it judges nothing but which warnings are new. [`Harness`] runs functions
//! that were found to be harmless.

mod command;
mod commands;
mod compile;
mod configuration;
mod diagnostics;
mod error;
mod farm;
mod flags;
mod harness;
pub mod interrupt;
mod kernel;
mod llvm;
mod process;
#[cfg(test)]
mod tests;
mod tools;

pub use command::Compile;
pub use commands::{Commands, NotBuilt};
pub use compile::{COMPILE_LIMIT, Compiled};
pub use diagnostics::{Diagnostic, Severity, new_diagnostics, parse};
pub use error::BuildError;
pub use flags::{Level, Mode};
pub use harness::{Answer, Harness, MOST_BITS, Ran, Scalar};
pub use kernel::{Identity, Kernel, Say};
pub use llvm::{Llvm, Said};
pub use tools::Missing;
