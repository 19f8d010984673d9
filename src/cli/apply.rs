//! `drvdedup apply`.

use super::args::{ApplyArgs, Format};
use super::error;
use super::exit::Exit;
use super::ids;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::project::Project;
use super::store;
use crate::report::{contract_name, counted, json};
use crate::store::{Applied, Store, StoreError};
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use serde::Serialize;
use std::io;

/// What `--format json` prints.
#[derive(Serialize)]
struct AppliedJson<'a> {
    schema: u32,
    /// Whether the tree was changed.
    applied: bool,
    proposals: &'a [String],
    files: &'a [String],
    lines_added: u64,
    lines_removed: u64,
    /// Other proposals that were moved onto the new texts.
    rebased: &'a [String],
    /// Other proposals that must be planned again.
    stale: &'a [String],
}

/// A proposal that was named does not reach the rung required.
#[derive(Debug, thiserror::Error)]
#[error("{0}; `drvdedup verify` proves more, `--require` asks for less; nothing was applied")]
struct Below(String);

/// Applies the proposals, or tries to; found is one that does not apply.
pub fn run(
    options: &Options,
    args: &ApplyArgs,
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    let project = Project::open(options)?;
    let mut store = store::open(&project)?;
    store::recover(&mut store, options)?;
    let asked = store::asked(&store, &args.which)?;
    if asked.is_empty() {
        let what = store::nothing(&args.which);
        error::say(&format!("{what}; `drvdedup apply ID…` applies those that are named"));
    }
    let ids = match reaching(&store, args, asked) {
        Err(error) if error.is::<Below>() => {
            error::print(&error);
            return Ok(Exit::Found);
        }
        ids => ids?,
    };
    let applied = match ids.as_slice() {
        [] => Ok(Applied::default()),
        ids if args.check => store.check(ids),
        ids => store.apply(ids),
    };
    let applied = match applied {
        Err(error) if does_not_apply(&error) => {
            error::print(&error.into());
            return Ok(Exit::Found);
        }
        applied => applied?,
    };
    match options.format {
        Format::Json => write_json(out, &applied, args.check),
        Format::Human => write_human(out, &applied, args.check),
    }
    .context(CANNOT_WRITE)?;
    Ok(Exit::Done)
}

/// Leaves those that reach the rung required. The number of the others is told; one
/// that was named is not left out silently.
fn reaching(store: &Store, args: &ApplyArgs, ids: Vec<String>) -> anyhow::Result<Vec<String>> {
    let (mut reaching, mut below) = (Vec::new(), Vec::new());
    for id in ids {
        let verdict = store.proposal(&id)?.current_verdict(&store.patch(&id)?);
        match verdict >= args.require {
            true => reaching.push(id),
            false => below.push(format!("{id} ({})", contract_name(verdict))),
        }
    }
    if below.is_empty() {
        return Ok(reaching);
    }
    let required = contract_name(args.require);
    let text = format!("below {required}: {}", ids::first_few(&below));
    if args.which.ids.is_empty() {
        error::warn(format!("left out, {text}"));
        return Ok(reaching);
    }
    Err(Below(text).into())
}

/// Whether the patches are at fault, and not the store or the system.
fn does_not_apply(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::DoesNotApply { .. } | StoreError::Conflict { .. } | StoreError::Edits(_)
    )
}

fn write_json(out: &mut dyn io::Write, applied: &Applied, only_tried: bool) -> io::Result<()> {
    let object = AppliedJson {
        schema: json::SCHEMA,
        applied: !only_tried && !applied.proposals.is_empty(),
        proposals: &applied.proposals,
        files: &applied.files,
        lines_added: applied.lines_added,
        lines_removed: applied.lines_removed,
        rebased: &applied.rebased,
        stale: &applied.made_stale,
    };
    json::write_object(out, &object)
}

fn write_human(out: &mut dyn io::Write, applied: &Applied, only_tried: bool) -> io::Result<()> {
    if applied.proposals.is_empty() {
        return Ok(());
    }
    let Applied { proposals, files, lines_added, lines_removed, made_stale, .. } = applied;
    let number = counted(proposals.len() as u64, "proposal");
    let files = counted(files.len() as u64, "file");
    let verb = if only_tried { "would apply" } else { "applied" };
    writeln!(out, "{number} {verb}: {}", ids::first_few(proposals))?;
    writeln!(out, "{files}, +{lines_added} -{lines_removed}")?;
    if !made_stale.is_empty() {
        let stale = ids::first_few(made_stale);
        writeln!(out, "these change the same lines and must be planned again: {stale}")?;
    }
    Ok(())
}
