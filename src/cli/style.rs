//! How `scan` and `plan` write their reports.

use super::args::{AskedFormat, Command, ReportArgs};
use super::error::Hinted;
use crate::report::modes::{self, Mode};
use crate::report::{Report, html, human, json, sarif};
use codespan_reporting::term::termcolor::WriteColor;
use std::io;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text for people.
    Human,
    /// One JSON object.
    Json,
    /// A log for code scanning.
    Sarif,
    /// A page for a browser.
    Html,
    /// As coccicheck does.
    Mode(Mode),
}

impl Style {
    /// What was asked for.
    ///
    /// # Errors
    /// A format that is none of the command's.
    pub fn meant_by(format: AskedFormat, command: &Command) -> anyhow::Result<Style> {
        if let Some(mode) = command.report().and_then(|report| report.mode) {
            return in_mode(mode, format, command);
        }
        match (format, command.report()) {
            (AskedFormat::Human, _) => Ok(Style::Human),
            (AskedFormat::Json, _) => Ok(Style::Json),
            (_, None) => Err(only_of_reports(format)),
            (AskedFormat::Sarif, _) => Ok(Style::Sarif),
            (AskedFormat::Html, _) => Ok(Style::Html),
        }
    }

    /// Writes a report so; for people at most `limit` groups of it.
    pub fn write(
        self,
        out: &mut (dyn WriteColor + Send),
        report: &Report,
        limit: Option<usize>,
    ) -> io::Result<()> {
        match self {
            Style::Human => human::write(out, report, limit),
            Style::Json => json::write(out, report),
            Style::Sarif => sarif::write(out, report, None),
            Style::Html => html::write(out, report),
            Style::Mode(mode) => modes::write(out, report, mode),
        }
    }
}

fn in_mode(mode: Mode, format: AskedFormat, command: &Command) -> anyhow::Result<Style> {
    if format != AskedFormat::Human {
        let message = "--mode and --format are two ways to say what to write";
        return Err(Hinted::new(message, "leave one of them out").into());
    }
    if mode == Mode::Patch && matches!(command, Command::Scan(_)) {
        let message = "a scan makes no patches";
        return Err(Hinted::new(message, "drvdedup plan --mode patch does").into());
    }
    Ok(Style::Mode(mode))
}

fn only_of_reports(format: AskedFormat) -> anyhow::Error {
    let name = format!("{format:?}").to_lowercase();
    let message = format!("--format {name} is what `scan` and `plan` write, and no other command");
    Hinted::new(message, "--format json is written by every command that reports").into()
}

impl Command {
    /// How the command's report is asked for; `None` where it makes none.
    pub fn report(&self) -> Option<&ReportArgs> {
        match self {
            Command::Scan(args) => Some(&args.report),
            // A list of reasons, and no report.
            Command::Plan(args) if !args.explain => Some(&args.report),
            _ => None,
        }
    }
}
