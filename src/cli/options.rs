//! The common arguments as meant: the one place where the environment and the
//! terminal are asked.

use super::args::{AskedFormat, Color, CommonArgs, Format, WhatArgs};
use crate::detect::{CloneGroup, Kind};
use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

/// Columns assumed where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 80;
/// Groups that the human report prints unless told otherwise.
const DEFAULT_LIMIT: usize = 50;
/// Threads beyond this only cost: what they read comes from one disk.
const MAX_THREADS: usize = 256;

/// What every command goes by.
#[derive(Clone, Debug)]
pub struct Options {
    /// Top of the tree, if it was named.
    pub tree: Option<PathBuf>,
    /// What to write; `scan` and `plan` go by their [`super::style::Style`].
    pub format: Format,
    /// Whether standard output takes colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Number of threads; 0 for one a core.
    pub threads: usize,
    /// Configuration file, if it was named.
    pub config: Option<PathBuf>,
    /// Neither read nor write the cache.
    pub no_cache: bool,
    /// Leave out warnings.
    pub quiet: bool,
    /// Say more.
    pub verbose: bool,
    /// Show progress on standard error.
    pub progress: bool,
    /// `SOURCE_DATE_EPOCH` (<https://reproducible-builds.org/specs/source-date-epoch/>).
    pub source_date: Option<String>,
}

impl Options {
    /// What `args` mean in this environment.
    pub fn meant_by(args: CommonArgs) -> Options {
        let on_terminal = io::stdout().is_terminal();
        Options {
            tree: args.tree,
            format: match args.format {
                AskedFormat::Human => Format::Human,
                _ => Format::Json,
            },
            colour: wants_colour(args.color, on_terminal, |name| {
                env::var_os(name).map(|value| value.to_string_lossy().into_owned())
            }),
            width: width(),
            threads: args.jobs.min(MAX_THREADS),
            config: args.config,
            no_cache: args.no_cache,
            quiet: args.quiet,
            verbose: args.verbose,
            progress: !args.quiet && io::stderr().is_terminal(),
            source_date: env::var("SOURCE_DATE_EPOCH").ok().filter(|date| !date.is_empty()),
        }
    }
}

/// <https://no-color.org>: a `NO_COLOR` that is not empty turns colours off unless
/// they are asked for on the command line.
fn wants_colour(when: Color, on_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
            on_terminal && !refused && variable("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

fn width() -> usize {
    let columns = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    columns.or_else(asked).filter(|&width| width > 0).unwrap_or(DEFAULT_WIDTH)
}

impl WhatArgs {
    /// Whether groups of this kind are asked for.
    pub fn looks_for(&self, kind: Kind) -> bool {
        self.kind.is_empty() || self.kind.contains(&kind)
    }

    /// Whether the group is one of those asked for.
    pub fn takes(&self, group: &CloneGroup) -> bool {
        let in_class = |class: &str| {
            self.class.iter().any(|asked| {
                let asked = asked.trim_end_matches('/');
                class
                    .strip_prefix(asked)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        self.looks_for(group.kind)
            && (self.level.is_empty() || self.level.contains(&group.level))
            && (self.class.is_empty() || group.members.iter().any(|member| in_class(&member.class)))
            && group.members.iter().all(|member| member.function.lines() >= self.min_lines)
    }

    /// Whether any group is left out.
    pub fn filters(&self) -> bool {
        !(self.kind.is_empty() && self.level.is_empty() && self.class.is_empty())
            || self.min_lines > 0
            || self.since.is_some()
            || self.focus.is_some()
            || self.top.is_some()
    }

    /// Number of groups to print for people; `None` for all.
    pub fn limit(&self) -> Option<usize> {
        match (self.limit, self.top) {
            (Some(0), _) | (None, Some(_)) => None,
            (Some(limit), _) => Some(limit),
            (None, None) => Some(DEFAULT_LIMIT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::args::{Cli, Command};
    use super::*;
    use crate::detect::Level;
    use crate::report::sample;
    use clap::Parser;

    #[test]
    fn colours_follow_option_terminal_and_environment() {
        let check = |when, on_terminal, set: &[(&str, &str)], expected| {
            let variable = |name: &str| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
            };
            assert_eq!(wants_colour(when, on_terminal, variable), expected, "{when:?} {set:?}");
        };
        check(Color::Auto, true, &[], true);
        check(Color::Auto, false, &[], false);
        check(Color::Auto, true, &[("NO_COLOR", "1")], false);
        check(Color::Auto, true, &[("NO_COLOR", "")], true);
        check(Color::Auto, true, &[("TERM", "dumb")], false);
        check(Color::Always, false, &[("NO_COLOR", "1")], true);
        check(Color::Never, true, &[], false);
    }

    /// What these arguments of `scan` ask for.
    fn what(args: &[&str]) -> WhatArgs {
        let cli = Cli::parse_from(["drvdedup", "scan"].iter().chain(args));
        let Command::Scan(scan) = cli.command else { panic!("it is a scan") };
        scan.what
    }

    #[test]
    fn every_member_must_have_the_lines_asked_for() {
        let check = |lines, expected| {
            let mut group = sample::group("a.c");
            group.members[1].function.end_line += 1;
            assert_eq!(what(&["--min-lines", lines]).takes(&group), expected, "{lines}");
        };
        check("4", true);
        check("5", false);
    }

    #[test]
    fn people_see_fifty_groups_unless_they_ask_for_others() {
        let check = |args: &[&str], expected| assert_eq!(what(args).limit(), expected, "{args:?}");
        check(&[], Some(50));
        check(&["--limit", "0"], None);
        check(&["--top", "70"], None);
        check(&["--top", "70", "--limit", "3"], Some(3));
    }

    #[test]
    fn whatever_leaves_groups_out_is_a_filter() {
        let check =
            |args: &[&str], expected| assert_eq!(what(args).filters(), expected, "{args:?}");
        check(&["drivers", "--limit", "3"], false);
        check(&["--kind", "identical"], true);
        check(&["--min-lines", "7"], true);
        check(&["--since", "HEAD"], true);
        check(&["--focus", "a.c"], true);
        check(&["--top", "7"], true);
    }

    #[test]
    fn a_group_is_taken_when_it_meets_every_filter() {
        let check = |kind: &[Kind], level: &[Level], class: &[&str], expected| {
            let what = WhatArgs {
                kind: kind.to_vec(),
                level: level.to_vec(),
                class: class.iter().map(|class| class.to_string()).collect(),
                ..what(&[])
            };
            let mut group = sample::group("a.c");
            group.members[1].class = "net/ethernet".into();
            assert_eq!(what.takes(&group), expected, "{kind:?} {level:?} {class:?}");
        };
        check(&[], &[], &[], true);
        check(&[Kind::ConstantOnly], &[Level::Driver], &["hwmon"], true);
        check(&[Kind::Identical], &[], &[], false);
        check(&[], &[Level::Class, Level::Subset], &[], false);
        check(&[], &[], &["gpio", "net/"], true);
        check(&[], &[], &["ne"], false);
        check(&[], &[], &["net/ethernet"], true);
    }
}
