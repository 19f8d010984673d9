//! `drvdedup apply`.

use super::args::{ApplyArgs, Format};
use super::error;
use super::exit::Exit;
use super::ids;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::project::Project;
use super::store;
use crate::changes::Changes;
use crate::report::{counted, json};
use crate::store::{Applied, Store, StoreError, Touched};
use crate::tree::TreePath;
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io;

/// Places that an error names.
const SHOWN: usize = 8;

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

/// Lines would be mixed with the user's own changes, and could be committed apart from
/// them only by hand.
#[derive(Debug, thiserror::Error)]
#[error("{0}\ncommit or stash that first, or say --force; nothing was applied")]
struct Uncommitted(String);

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
    let ids = match store::reaching(&store, &args.which, args.require, asked) {
        Err(error) if error.is::<store::Below>() => {
            error::print(&error.context("nothing was applied"));
            return Ok(Exit::Found);
        }
        ids => ids?,
    };
    let applied = match applied(&project, &mut store, args, &ids) {
        Err(error) if does_not_apply(&error) => {
            error::print(&error);
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

fn applied(
    project: &Project,
    store: &mut Store,
    args: &ApplyArgs,
    ids: &[String],
) -> anyhow::Result<Applied> {
    if ids.is_empty() {
        return Ok(Applied::default());
    }
    if !args.force {
        refuse_uncommitted(project, store, ids)?;
    }
    Ok(if args.check { store.check(ids)? } else { store.apply(ids)? })
}

fn refuse_uncommitted(project: &Project, store: &Store, ids: &[String]) -> anyhow::Result<()> {
    let touched = store.touched(ids)?;
    let files: BTreeSet<&TreePath> = touched.iter().map(|touched| &touched.file).collect();
    let files: Vec<TreePath> = files.into_iter().cloned().collect();
    let changes = Changes::uncommitted(&project.tree.root, &files)
        .context("cannot tell what is not committed; --force goes without")?;
    let met = touched.iter().filter_map(|Touched { id, file, lines }| {
        let line = changes.meet(file, lines)?;
        Some(format!("{file}:{line}: not committed, and proposal {id} changes it"))
    });
    let met: Vec<String> = met.collect();
    let mut text = met.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n");
    match met.len() {
        0 => return Ok(()),
        number if number > SHOWN => text += &format!("\nand {} more", number - SHOWN),
        _ => {}
    }
    Err(Uncommitted(text).into())
}

/// Whether the patches or the user's changes are at fault, and not the store or the
/// system.
fn does_not_apply(error: &anyhow::Error) -> bool {
    let error_of_store = error.downcast_ref::<StoreError>();
    error.is::<Uncommitted>()
        || error_of_store.is_some_and(|error| {
            matches!(
                error,
                StoreError::DoesNotApply { .. }
                    | StoreError::Conflict { .. }
                    | StoreError::Edits(_)
            )
        })
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
