//! The `drvdedup` program: everything it does is in the library.

use std::process::ExitCode;

/// Millions of small names and lists live and die in a scan: the system's allocator
/// takes a fifth of its time. Without huge pages: to clear them costs more than they save.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    drvdedup::cli::run(std::env::args_os()).into()
}
