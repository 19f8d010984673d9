//! `drvdedup scan`.

use super::args::{Format, ScanArgs};
use super::error::say;
use super::exit::Exit;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::pipeline::{self, Scanned};
use super::project::Project;
use super::selection::Selection;
use crate::baseline::{self, Baseline};
use crate::detect::Groups;
use crate::report::{Report, classes, contract_name, counted, human, json};
use crate::syntax::census;
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use std::collections::BTreeSet;
use std::path::Path;

/// Reports the groups; found is what `--deny` names and what `--baseline` does not.
pub fn run(
    options: &Options,
    args: &ScanArgs,
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    let project = Project::open(options)?;
    let known = args.baseline.as_deref().map(Baseline::read).transpose()?;
    let selection = Selection::new(&project.tree, &args.what)?;
    let mut scanned = pipeline::scan_asked(&project, options, &args.what, &selection)?;
    if options.verbose {
        print_census(&project, &scanned);
    }
    if let (Some(file), Some(known)) = (&args.baseline, &known) {
        note_gone(&project, options, args, &scanned, (file, known));
    }
    selection.filter(&mut scanned.groups);
    if let Some(file) = &args.write_baseline {
        baseline::write(file, &scanned.groups)?;
    }
    let new = drop_known(&mut scanned.groups, known.as_ref());
    selection.cut(&mut scanned.groups);
    let denied = scanned.groups.iter().filter(|group| args.deny.contains(&group.kind)).count();
    let report = Report {
        tree: project.tree,
        counts: scanned.counts,
        groups: scanned.groups,
        planned: None,
    };
    match options.format {
        Format::Human if args.summary => classes::write(out, &report),
        Format::Human => human::write(out, &report, args.what.limit()),
        Format::Json => json::write(out, &report),
    }
    .context(CANNOT_WRITE)?;
    // The program ends here: to free a million small things takes a tenth of a scan of
    // which all is known.
    std::mem::forget(report);
    drop(scanned.cache);
    Ok(verdict(args, denied as u64, new))
}

/// Says what was found that was asked not to be there: so many groups of a denied kind,
/// so many that are not in the baseline.
fn verdict(args: &ScanArgs, denied: u64, new: u64) -> Exit {
    if denied > 0 {
        let kinds: Vec<String> = args.deny.iter().map(contract_name).collect();
        say(&format!("{} of a denied kind ({})", counted(denied, "group"), kinds.join(", ")));
    }
    if let (Some(file), 1..) = (&args.baseline, new) {
        say(&format!("{} not in {}", counted(new, "group"), file.display()));
    }
    if denied == 0 && new == 0 { Exit::Done } else { Exit::Found }
}

/// Leaves the groups that are not known, and counts them.
fn drop_known(groups: &mut Groups, known: Option<&Baseline>) -> u64 {
    let Some(known) = known else { return 0 };
    groups.retain(|group| !known.knows(&group.id));
    groups.len() as u64
}

/// Says how many known groups are there no longer: their lines could go.
fn note_gone(
    project: &Project,
    options: &Options,
    args: &ScanArgs,
    scanned: &Scanned,
    (file, known): (&Path, &Baseline),
) {
    let read: BTreeSet<&str> = scanned.files.iter().map(|file| file.path.as_str()).collect();
    let was_read = |path: &str| read.contains(path) || !project.tree.root.join(path).exists();
    let gone = known.gone(&scanned.groups, |group| {
        args.what.looks_for(group.kind) && group.files.iter().all(|file| was_read(file))
    });
    if gone.is_empty() || options.quiet {
        return;
    }
    let groups = counted(gone.len() as u64, "group");
    say(&format!("{}: {groups} no longer there; --write-baseline writes it anew", file.display()));
    if options.verbose {
        gone.iter().for_each(|id| say(&format!("no longer there: {id}")));
    }
}

/// How much of the code the program could read.
fn print_census(project: &Project, scanned: &Scanned) {
    let census = census::census(&project.tree.root, &scanned.files, &scanned.loops);
    let (found, by_text) = (census.regex_found, census.regex_functions);
    say(&format!("{} functions found", census.functions));
    say(&format!(
        "{found} of the {by_text} that a regular expression finds, {}",
        percent(found, by_text)
    ));
    let (clean, long) = (census.clean, census.long_functions);
    say(&format!("{clean} of the {long} of six lines and more parse, {}", percent(clean, long)));
    for gap in &census.gaps {
        say(&format!("parse gap: {}:{}: {}", gap.path, gap.line, gap.function));
    }
}

fn percent(part: usize, whole: usize) -> String {
    // Only for the eye; rounding down keeps 100 for what is complete.
    let share = if whole == 0 { 100.0 } else { part as f64 * 100.0 / whole as f64 };
    format!("{:.2} %", (share * 100.0).floor() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn only_all_of_them_are_a_hundred_percent() {
        assert_eq!(percent(99_999, 100_000), "99.99 %");
        assert_eq!(percent(5, 5), "100.00 %");
        assert_eq!(percent(0, 0), "100.00 %");
    }
}
