//! Errors and warnings as the user reads them.

use super::exit::Exit;
use crate::report::source::printable;
use anyhow::Error;
use std::fmt::Display;
use std::io::{self, Write};

/// An error of the command line itself, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Hinted {
    message: String,
    hint: String,
}

impl Hinted {
    /// An error with a hint.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Hinted {
        Hinted { message: message.into(), hint: hint.into() }
    }
}

/// Prints the error with what caused it, and the hint if there is one.
pub fn print(error: &Error) {
    say(&format!("error: {}", chain_text(error)));
    if let Some(hinted) = error.chain().find_map(|cause| cause.downcast_ref::<Hinted>()) {
        say(&format!("hint: {}", hinted.hint));
    }
}

/// Prints what clap has to say: the help or the version, or what is wrong with the
/// arguments.
pub fn print_usage(error: &clap::Error) -> Exit {
    let text = error.render().to_string();
    // Nothing can be done about a closed terminal.
    if text.starts_with("error:") {
        let _ = write!(io::stderr(), "drvdedup: {text}");
    } else {
        let _ = error.print();
    }
    if error.use_stderr() { Exit::Failed } else { Exit::Done }
}

/// Prints a warning.
pub fn warn(text: impl Display) {
    say(&format!("warning: {text}"));
}

/// Prints a line to standard error, under the program's name.
pub fn say(text: &str) {
    // With standard error closed there is no one left to tell.
    let _ = writeln!(io::stderr(), "drvdedup: {}", printable(text.as_bytes()));
}

/// The causes, outermost first. One whose text the cause before already holds is
/// left out.
fn chain_text(error: &Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};

    #[test]
    fn causes_follow_each_other_without_repeating() {
        let check = |error: Error, expected: &str| assert_eq!(chain_text(&error), expected);
        check(anyhow!("a"), "a");
        check(anyhow!("c").context("b").context("a"), "a: b: c");
        check(anyhow!("no space").context("cannot write x: no space"), "cannot write x: no space");
    }

    #[test]
    fn the_hint_is_found_behind_a_context() {
        let result: Result<(), Error> = Err(Hinted::new("m", "h").into());
        let error = result.context("c").expect_err("it is an error");
        let hinted = error.chain().find_map(|cause| cause.downcast_ref::<Hinted>());
        assert_eq!(hinted.map(|hinted| hinted.hint.as_str()), Some("h"));
        assert_eq!(chain_text(&error), "c: m");
    }
}
