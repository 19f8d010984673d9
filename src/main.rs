//! The `drvdedup` program: everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    drvdedup::cli::run(std::env::args_os()).into()
}
