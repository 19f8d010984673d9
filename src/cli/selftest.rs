//! `drvdedup verify --selftest`: does the ladder find what is wrong.

use super::args::Format;
use super::exit::Exit;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::progress;
use crate::report::{contract_name, json};
use crate::syntax::LoopMacros;
use crate::verify::ladder::{Candidate, Fault, Ladder, planted};
use crate::verify::{self, Verdict};
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// What became of the faults of one sort.
#[derive(Clone, Debug, Default, Serialize)]
struct Row {
    planted: usize,
    /// Found by comparing the texts.
    rejected_at_expands: usize,
    /// Found by a compiler or in its code, without the rungs below.
    rejected_at_object: usize,
    /// Found by neither: proposals in which they were planted.
    missed: Vec<String>,
}

#[derive(Serialize)]
struct SelftestJson<'r> {
    schema: u32,
    faults: &'r BTreeMap<String, Row>,
}

/// Plants faults in the patches of proposals, which are named, and counts those
/// that the ladder rejects; found is one that it does not.
pub fn run(
    options: &Options,
    ladder: &Ladder<'_>,
    loops: &LoopMacros,
    proposals: &[(String, Candidate)],
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    let faulty: Vec<(&str, Fault, Candidate)> =
        proposals.iter().flat_map(|(id, candidate)| faulty(id, candidate)).collect();
    let bar = progress::bar(options.progress, "testing", faulty.len() as u64);
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let candidates: Vec<Candidate> = faulty.iter().map(|(_, _, it)| it.clone()).collect();
    let ascents = ladder.climb(&candidates, &|| bar.inc(1))?;
    bar.finish_and_clear();
    for ((id, fault, candidate), ascent) in faulty.iter().zip(&ascents) {
        let Candidate { before, after, claim } = candidate;
        let texts = verify::climb(before, after, claim, loops).problem.is_some();
        let object = ascent.verdict < Verdict::IdenticalObject;
        let row = rows.entry(contract_name(fault)).or_default();
        row.planted += 1;
        row.rejected_at_expands += usize::from(texts);
        row.rejected_at_object += usize::from(object);
        if !object {
            row.missed.push((*id).to_owned());
        }
    }
    match options.format {
        Format::Json => {
            json::write_object(out, &SelftestJson { schema: json::SCHEMA, faults: &rows })
        }
        Format::Human => write_human(out, &rows),
    }
    .context(CANNOT_WRITE)?;
    let missed = rows.values().any(|row| !row.missed.is_empty());
    Ok(if missed { Exit::Found } else { Exit::Done })
}

fn faulty<'p>(id: &'p str, candidate: &Candidate) -> Vec<(&'p str, Fault, Candidate)> {
    let path = candidate.claim.target_path();
    let text = path.and_then(|path| Some((path, candidate.after.get(path)?)));
    let target = candidate.claim.target();
    let Some(((path, text), target)) = text.zip(target) else { return Vec::new() };
    let planted = planted(text, target).into_iter();
    let faulty = planted.map(|(fault, text)| {
        let mut candidate = candidate.clone();
        candidate.after.insert(path.clone(), text);
        (id, fault, candidate)
    });
    faulty.collect()
}

fn write_human(out: &mut dyn io::Write, rows: &BTreeMap<String, Row>) -> io::Result<()> {
    writeln!(out, "{:20} planted  rejected by text  rejected by code", "fault")?;
    for (fault, row) in rows {
        let Row { planted, rejected_at_expands, rejected_at_object, missed } = row;
        writeln!(
            out,
            "{fault:20} {planted:>7}  {rejected_at_expands:>16}  {rejected_at_object:>16}"
        )?;
        if !missed.is_empty() {
            writeln!(out, "    the same code with the fault: {}", missed.join(", "))?;
        }
    }
    Ok(())
}
