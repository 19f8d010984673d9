//! `drvdedup export`.

use super::args::{ExportArgs, Format};
use super::error::{self, Hinted};
use super::exit::Exit;
use super::ids;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::project::Project;
use super::store;
use crate::export::{self, ExportError, Request, Series};
use crate::generate::templates::Templates;
use crate::report::json;
use crate::store::{Store, StoreError};
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use serde::Serialize;
use std::io;
use std::path::Path;

/// What `--format json` prints.
#[derive(Serialize)]
struct ExportedJson<'a> {
    schema: u32,
    /// The folder as it was named.
    output: String,
    series: &'a [Series],
}

/// Writes the series; found is a proposal that does not reach the rung, or that another
/// one is at odds with.
pub fn run(
    options: &Options,
    args: &ExportArgs,
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    let project = Project::open(options)?;
    let mut store = store::open(&project)?;
    store::recover(&mut store, options)?;
    let asked = store::asked(&store, &args.which)?;
    let ids = match store::reaching(&store, &args.which, args.require, asked) {
        Err(error) if error.is::<store::Below>() => {
            error::print(&error.context("nothing was exported"));
            return Ok(Exit::Found);
        }
        ids => fresh(&store, args, ids?)?,
    };
    if ids.is_empty() {
        let what = store::nothing(&args.which);
        error::say(&format!("{what} that could be exported; nothing was written"));
        return Ok(Exit::Done);
    }
    let templates = Templates::load(&project.config.rules)?;
    let source_date = source_date(options)?;
    let request = Request {
        tree: &project.tree,
        store: &store,
        ids: &ids,
        templates: &templates,
        source_date,
    };
    let series = match export::export(&request, &args.output) {
        Err(error) if is_conflict(&error) => {
            error::print(&anyhow::Error::from(error).context("nothing was exported"));
            return Ok(Exit::Found);
        }
        series => series?,
    };
    for id in &ids {
        for note in store.proposal(id)?.notes {
            error::say(&format!("{id}: {note}"));
        }
    }
    match options.format {
        Format::Json => {
            let output = args.output.to_string_lossy().into_owned();
            json::write_object(out, &ExportedJson { schema: json::SCHEMA, output, series: &series })
        }
        Format::Human => write_human(out, &series, &args.output),
    }
    .context(CANNOT_WRITE)?;
    Ok(Exit::Done)
}

/// Leaves out what the tree has left behind; of those named, that is an error.
fn fresh(store: &Store, args: &ExportArgs, ids: Vec<String>) -> anyhow::Result<Vec<String>> {
    let (mut fresh, mut stale) = (Vec::new(), Vec::new());
    for id in ids {
        match store.stale(&store.proposal(&id)?)? {
            None => fresh.push(id),
            Some(found) => stale.push(found),
        }
    }
    match (stale.is_empty(), args.which.ids.is_empty()) {
        (true, _) => {}
        (false, true) => {
            let ids: Vec<String> = stale.into_iter().map(|stale| stale.id).collect();
            error::warn(format!("left out, stale: {}; plan again", ids::first_few(&ids)));
        }
        (false, false) => return Err(StoreError::Stale(stale).into()),
    }
    Ok(fresh)
}

fn source_date(options: &Options) -> Result<Option<i64>, Hinted> {
    let Some(text) = &options.source_date else { return Ok(None) };
    let date = text.parse().ok().filter(|&date: &i64| date >= 0);
    date.map(Some).ok_or_else(|| {
        let message = format!("SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds");
        Hinted::new(message, "set it to the output of `date +%s`, or unset it")
    })
}

/// Whether the proposals are at fault, and not the store or the system.
fn is_conflict(error: &ExportError) -> bool {
    matches!(
        error,
        ExportError::Store(StoreError::DoesNotApply { .. } | StoreError::Conflict { .. })
    )
}

fn counted_patches(number: usize) -> String {
    format!("{number} {}", if number == 1 { "patch" } else { "patches" })
}

fn write_human(out: &mut dyn io::Write, series: &[Series], folder: &Path) -> io::Result<()> {
    let patches: usize = series.iter().map(|series| series.patches.len()).sum();
    let patches = counted_patches(patches);
    let folder = folder.display();
    match series {
        [_] => writeln!(out, "{patches} written to {folder}")?,
        more => writeln!(out, "{patches} in {} series written to {folder}", more.len())?,
    }
    for Series { folder: name, patches, after } in series {
        if !name.is_empty() {
            let number = counted_patches(patches.len());
            let after = after.as_ref().map(|after| format!(", after {after}")).unwrap_or_default();
            writeln!(out, "  {name}: {number}{after}")?;
        }
    }
    let below = if series.len() > 1 { "/SERIES" } else { "" };
    writeln!(out, "read them, then: git am --empty=drop {folder}{below}/*.patch")
}
