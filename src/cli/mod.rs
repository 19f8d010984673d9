//! The command line. In: the arguments. Out: what the stages make of them, written
//! to standard output, and an [`Exit`]. A command's file fetches, calls the stages
//! through `pipeline` and hands the result to a writer of [`crate::report`]; it
//! decides nothing about code. Warnings, progress and errors go to standard error.

mod apply;
mod args;
mod cost;
mod debug;
mod error;
mod exit;
mod export;
mod focus;
mod ids;
mod man;
mod options;
mod output;
mod pipeline;
mod plan;
mod planning;
mod progress;
mod project;
mod review;
mod reviewer;
mod rewrites;
mod scan;
mod selection;
mod selftest;
mod show;
mod store;
mod style;
mod undo;
mod verdicts;
mod verify;

pub use exit::Exit;

use anyhow::Context;
use args::{Cli, Command};
use clap::Parser;
use codespan_reporting::term::termcolor::WriteColor;
use options::Options;
use output::Output;
use std::ffi::OsString;
use style::Style;

/// Runs the program with its arguments, the program's own name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return error::print_usage(&error),
    };
    match run_command(cli) {
        Ok(exit) => exit,
        Err(error) => {
            error::print(&error);
            Exit::Failed
        }
    }
}

fn run_command(cli: Cli) -> anyhow::Result<Exit> {
    let style = Style::meant_by(cli.common.format, &cli.command)?;
    let options = Options::meant_by(cli.common);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads);
    let pool = pool.build().context("cannot start the threads that -j asks for")?;
    let file = cli.command.report().and_then(|report| report.output.as_deref());
    let mut out = Output::open(file, options.colour)?;
    let exit = pool.install(|| dispatch(&options, style, &cli.command, out.writer()))?;
    out.finish()?;
    Ok(exit)
}

fn dispatch(
    options: &Options,
    style: Style,
    command: &Command,
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    match command {
        Command::Scan(args) => scan::run(options, style, args, out),
        Command::Plan(args) => plan::run(options, style, args, out),
        Command::Show(args) => show::run(options, args, out),
        Command::Verify(args) => verify::run(options, args, out),
        Command::Apply(args) => apply::run(options, args, out),
        Command::Review(args) => review::run(options, args, out),
        Command::Export(args) => export::run(options, args, out),
        Command::Undo => undo::run(options, out),
        Command::Rewrites(args) => rewrites::run(options, args, out),
        Command::Completions(args) => man::completions(args.shell, out),
        Command::Man => man::man(out),
        Command::Debug(view) => debug::run(options, view, out),
    }
}
