//! `drvdedup scan`.

use super::args::{Format, ScanArgs};
use super::error::say;
use super::exit::Exit;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::pipeline::{self, Scanned};
use super::project::Project;
use crate::detect::CloneGroup;
use crate::report::{Report, contract_name, counted, human, json};
use crate::syntax::census;
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;

/// Reports the groups; found is what `--deny` names.
pub fn run(
    options: &Options,
    args: &ScanArgs,
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    let project = Project::open(options)?;
    let scanned = pipeline::scan(&project, options, &args.what)?;
    if options.verbose {
        print_census(&project, &scanned);
    }
    let denied = |group: &&CloneGroup| args.deny.contains(&group.kind);
    let denied = scanned.groups.iter().filter(denied).count();
    let report = Report {
        tree: project.tree,
        counts: scanned.counts,
        groups: scanned.groups,
        planned: None,
    };
    match options.format {
        Format::Human => human::write(out, &report, args.what.limit()),
        Format::Json => json::write(out, &report),
    }
    .context(CANNOT_WRITE)?;
    if denied == 0 {
        return Ok(Exit::Done);
    }
    let kinds: Vec<String> = args.deny.iter().map(contract_name).collect();
    say(&format!("{} of a denied kind ({})", counted(denied as u64, "group"), kinds.join(", ")));
    Ok(Exit::Found)
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
