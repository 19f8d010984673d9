//! `drvdedup scan`.

use super::args::ScanArgs;
use super::error::say;
use super::exit::Exit;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::pipeline::{self, Scanned};
use super::project::Project;
use super::selection::Selection;
use super::style::Style;
use crate::baseline::{self, Baseline, Gone};
use crate::detect::{CloneGroup, Groups};
use crate::report::sarif::{self, Compared};
use crate::report::{Report, classes, contract_name, counted, repeats};
use crate::syntax::census;
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use std::collections::BTreeSet;
use std::path::Path;

/// Reports the groups; found is what `--deny` names and what `--baseline` does not.
pub fn run(
    options: &Options,
    style: Style,
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
    let gone = known.as_ref().map(|known| gone(&project, args, &scanned, known));
    if let (Some(file), Some(gone)) = (&args.baseline, &gone) {
        note_gone(options, file, gone);
    }
    selection.filter(&mut scanned.groups);
    if let Some(file) = &args.write_baseline {
        baseline::write(file, &scanned.groups)?;
    }
    let is_new = |group: &CloneGroup| known.as_ref().is_none_or(|known| !known.knows(&group.id));
    let new = known.as_ref().map_or(0, |_| take_new(style, &mut scanned.groups, is_new));
    selection.cut(&mut scanned.groups);
    let is_denied = |group: &&CloneGroup| is_new(group) && args.deny.contains(&group.kind);
    let denied = scanned.groups.iter().filter(is_denied).count();
    let report = Report {
        tree: project.tree,
        counts: scanned.counts,
        groups: scanned.groups,
        planned: None,
    };
    if style == Style::Human && !args.summary {
        for line in
            report.groups.iter().flat_map(|it| repeats::lines(it, |it| selection.is_new(it)))
        {
            writeln!(out, "{line}").context(CANNOT_WRITE)?;
        }
    }
    let compared = known.as_ref().zip(gone.as_deref());
    let compared = compared.map(|(known, gone)| Compared { known, gone });
    match style {
        Style::Human if args.summary => classes::write(out, &report),
        Style::Sarif => sarif::write(out, &report, compared),
        style => style.write(out, &report, args.what.limit()),
    }
    .context(CANNOT_WRITE)?;
    // The program ends here: to free a million small things takes a tenth of a scan of
    // which all is known.
    std::mem::forget(report);
    drop(scanned.cache);
    Ok(verdict(args, denied as u64, new as u64))
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

/// Counts the groups that are new, and leaves only them; where the known ones are marked,
/// they stand behind.
fn take_new(style: Style, groups: &mut Groups, is_new: impl Fn(&CloneGroup) -> bool) -> usize {
    let new = groups.iter().filter(|group| is_new(group)).count();
    match style {
        Style::Sarif => groups.put_first(is_new),
        _ => groups.retain(is_new),
    }
    new
}

/// The known groups that are there no longer, of those that this scan looked for.
fn gone<'b>(
    project: &Project,
    args: &ScanArgs,
    scanned: &Scanned,
    known: &'b Baseline,
) -> Vec<Gone<'b>> {
    let read: BTreeSet<&str> = scanned.files.iter().map(|file| file.path.as_str()).collect();
    let was_read = |path: &str| read.contains(path) || !project.tree.root.join(path).exists();
    known.gone(&scanned.groups, |group| {
        args.what.looks_for(group.kind) && group.files.iter().all(|file| was_read(file))
    })
}

/// Says how many known groups are there no longer: their lines could go.
fn note_gone(options: &Options, file: &Path, gone: &[Gone]) {
    if gone.is_empty() || options.quiet {
        return;
    }
    let groups = counted(gone.len() as u64, "group");
    say(&format!("{}: {groups} no longer there; --write-baseline writes it anew", file.display()));
    if options.verbose {
        gone.iter().for_each(|gone| say(&format!("no longer there: {}", gone.id)));
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
