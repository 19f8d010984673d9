//! `drvdedup undo`.

use super::args::Format;
use super::exit::Exit;
use super::ids;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::project::Project;
use super::store;
use crate::report::json;
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use serde::Serialize;

/// What `--format json` prints.
#[derive(Serialize)]
struct Undone {
    schema: u32,
    undone: Vec<String>,
}

/// Takes the last apply back.
pub fn run(options: &Options, out: &mut (dyn WriteColor + Send)) -> anyhow::Result<Exit> {
    let project = Project::open(options)?;
    let mut store = store::open(&project)?;
    store::recover(&mut store, options)?;
    let undone = store.undo()?.proposals;
    match options.format {
        Format::Json => json::write_object(out, &Undone { schema: json::SCHEMA, undone }),
        Format::Human => writeln!(out, "taken back: {}", ids::first_few(&undone)),
    }
    .context(CANNOT_WRITE)?;
    Ok(Exit::Done)
}
