//! `drvdedup verify --selftest`: does the ladder find what is wrong.

use super::args::Format;
use super::cost::Cost;
use super::error;
use super::exit::Exit;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::progress;
use crate::report::source::printable_line;
use crate::report::{contract_name, counted, json};
use crate::syntax::LoopMacros;
use crate::tree::TreePath;
use crate::verify::ladder::{Bill, Candidate, Ladder, Outcome, Planted, planted};
use crate::verify::{self, Scope};
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::io;

/// Faults in one proposal: enough for each sort and more than one place of most.
const MOST: usize = 8;

/// Faults that are tried together; they share the objects before.
const BATCH: usize = 64;

/// What became of the faults of one sort. Each that was planted is in one of the
/// fields from `rejected_by_code` on.
#[derive(Clone, Debug, Default, Serialize)]
struct Row {
    planted: usize,
    /// Found by comparing the texts, without a compiler. The same faults as below.
    rejected_by_text: usize,
    /// Not found so, but below.
    unseen_by_text: Vec<Place>,
    /// Found in the machine code alone.
    rejected_by_code: usize,
    /// They do not compile, or with a new warning.
    rejected_by_compiler: usize,
    /// No faults: the compiler makes the same object of the text without them.
    equivalent: usize,
    /// Found neither in the code nor by the compiler.
    missed: Vec<Missed>,
}

/// Where a fault is.
#[derive(Clone, Debug, Serialize)]
struct Place {
    proposal: String,
    path: TreePath,
    /// From 1.
    line: u32,
    /// That line, with the fault.
    text: String,
}

/// A fault that leaves the code the same.
#[derive(Clone, Debug, Serialize)]
struct Missed {
    #[serde(flatten)]
    place: Place,
    /// Whether comparing the texts finds it, so that the whole ladder does.
    rejected_by_text: bool,
}

#[derive(Serialize)]
struct SelftestJson<'r> {
    schema: u32,
    faults: &'r BTreeMap<String, Row>,
}

/// Plants faults in the patches of proposals, which are named, and counts those
/// that the ladder rejects; found is one that the code does not show.
pub fn run(
    options: &Options,
    ladder: &Ladder<'_>,
    (loops, scope): (&LoopMacros, &dyn Scope),
    proposals: &[(String, Candidate)],
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    let faults: Vec<(&str, &Candidate, Planted)> = proposals
        .iter()
        .flat_map(|(id, right)| {
            let planted = planted(right, loops, MOST);
            planted.into_iter().map(move |it| (id.as_str(), right, it))
        })
        .collect();
    let (cost, mut bill) = (Cost::start(), Bill::default());
    let bar = progress::bar(options.progress, "testing", faults.len() as u64);
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for batch in faults.chunks(BATCH) {
        let pairs: Vec<_> = batch.iter().map(|(_, right, it)| (*right, it)).collect();
        let trials = ladder.try_faults(&pairs, &|| bar.inc(1))?;
        for ((id, right, planted), trial) in batch.iter().zip(trials) {
            bill.add(&trial.bill);
            let row = rows.entry(contract_name(planted.fault)).or_default();
            row.count(id, right, planted, trial.outcome, (loops, scope));
        }
    }
    bar.finish_and_clear();
    if faults.is_empty() {
        let proved = counted(proposals.len() as u64, "proved proposal");
        error::say(&format!("no faults in {proved}; `drvdedup verify` proves them first"));
    }
    if options.verbose {
        cost.say(&bill, faults.len(), "fault");
    }
    match options.format {
        Format::Json => {
            json::write_object(out, &SelftestJson { schema: json::SCHEMA, faults: &rows })
        }
        Format::Human => write_human(out, &rows),
    }
    .context(CANNOT_WRITE)?;
    let missed: usize = rows.values().map(|row| row.missed.len()).sum();
    if missed > 0 {
        error::say(&format!("{} missed", counted(missed as u64, "fault")));
        return Ok(Exit::Found);
    }
    Ok(Exit::Done)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { proposal, path, line, text } = self;
        write!(f, "{proposal} {path}:{line}: {}", printable_line(text))
    }
}

impl Row {
    fn count(
        &mut self,
        id: &str,
        right: &Candidate,
        planted: &Planted,
        outcome: Outcome,
        (loops, scope): (&LoopMacros, &dyn Scope),
    ) {
        self.planted += 1;
        if outcome == Outcome::Equivalent {
            self.equivalent += 1;
            return;
        }
        let Candidate { before, after, claim } = &planted.candidate(right);
        let rejected_by_text =
            verify::climb(before, after, claim, (loops, Some(scope))).problem.is_some();
        self.rejected_by_text += usize::from(rejected_by_text);
        let place = Place {
            proposal: id.to_owned(),
            path: planted.path.clone(),
            line: planted.line,
            text: planted.shown.clone(),
        };
        match outcome {
            Outcome::Code(_) => self.rejected_by_code += 1,
            Outcome::Compiler(_) => self.rejected_by_compiler += 1,
            Outcome::Equivalent | Outcome::Missed => {
                self.missed.push(Missed { place, rejected_by_text });
                return;
            }
        }
        if !rejected_by_text {
            self.unseen_by_text.push(place);
        }
    }
}

fn write_human(out: &mut dyn io::Write, rows: &BTreeMap<String, Row>) -> io::Result<()> {
    writeln!(out, "{:20} planted  by text  by code  by compiler  equivalent  missed", "rejected:")?;
    let mut all = Row::default();
    for (fault, row) in rows {
        write_row(out, fault, row)?;
        all.planted += row.planted;
        all.rejected_by_text += row.rejected_by_text;
        all.rejected_by_code += row.rejected_by_code;
        all.rejected_by_compiler += row.rejected_by_compiler;
        all.equivalent += row.equivalent;
        all.unseen_by_text.extend(row.unseen_by_text.iter().cloned());
        all.missed.extend(row.missed.iter().cloned());
    }
    write_row(out, "all", &all)?;
    for it in &all.missed {
        let but = if it.rejected_by_text { " (the text is rejected)" } else { "" };
        writeln!(out, "the same code with the fault{but}: {}", it.place)?;
    }
    for place in &all.unseen_by_text {
        writeln!(out, "not seen in the text alone: {place}")?;
    }
    Ok(())
}

fn write_row(out: &mut dyn io::Write, name: &str, row: &Row) -> io::Result<()> {
    let Row { planted, rejected_by_text: text, rejected_by_code: code, .. } = row;
    let (compiler, equivalent, missed) =
        (row.rejected_by_compiler, row.equivalent, row.missed.len());
    writeln!(
        out,
        "{name:20} {planted:>7}  {text:>7}  {code:>7}  {compiler:>11}  {equivalent:>10}  {missed:>6}"
    )
}
