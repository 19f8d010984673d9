//! The arguments as typed.

use super::planning::{self, Asked};
use crate::detect::{Kind, Level};
use crate::plan::rules::Measure;
use crate::report::modes::Mode;
use crate::verify::Verdict;
use crate::verify::build::COMPILE_LIMIT;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Finds duplicated functions in Linux drivers, proposes the helper that replaces
/// them, and proves the patch.
#[derive(Debug, Parser)]
#[command(name = "drvdedup", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    pub common: CommonArgs,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  drvdedup plan drivers/hwmon     find duplicates and write a patch for each
  drvdedup show 3f9a              look at one of them
  drvdedup verify 3f9a --prepare  compile it and compare the machine code
  drvdedup apply --check 3f9a     would its patch apply?
  drvdedup apply 3f9a             apply it; `drvdedup undo` takes it back
  drvdedup export -o out 3f9a     or make a mail of it, for `git am`

Exit codes: 0 done; 1 done, and something denied or new is there or a proposal does not
apply or reach the rung required; 2 wrong usage, unreadable input, broken configuration, stale store entry.";

/// Options that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub struct CommonArgs {
    /// Top of the kernel tree [default: found upward from the current folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub tree: Option<PathBuf>,
    /// What the output is for: people or programs
    #[arg(long, global = true, value_enum, default_value_t = AskedFormat::Human)]
    pub format: AskedFormat,
    /// When to use colours; NO_COLOR in the environment turns `auto` off
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
    /// Threads to use, 0 for one a core; at most 256
    #[arg(short = 'j', long = "jobs", global = true, value_name = "N", default_value_t = 0)]
    pub jobs: usize,
    /// Configuration file [default: drvdedup.toml, found upward to the tree's top]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Neither read nor write the cache
    #[arg(long, global = true)]
    pub no_cache: bool,
    /// No progress and no warnings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more, on standard error
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// See [`CommonArgs::format`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AskedFormat {
    /// Text for a terminal
    Human,
    /// One JSON object; docs/schema.json describes it
    Json,
    /// SARIF 2.1.0, for code scanning (scan and plan)
    Sarif,
    /// One page for a browser, with -o (scan and plan)
    Html,
}

/// What every command can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Human,
    /// One JSON object.
    Json,
}

/// See [`CommonArgs::color`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find groups of duplicated functions and report them
    Scan(ScanArgs),
    /// Take every group to a proposal, which is a patch, or to a refusal with its reason
    Plan(PlanArgs),
    /// Show one group or proposal: members, holes, plan, diff and verdict
    Show(ShowArgs),
    /// Decide about proposals, one after the other, or by their ids
    Review(ReviewArgs),
    /// Prove proposals: compile them, and compare the machine code before and after
    Verify(VerifyArgs),
    /// Apply proposals to the tree, all of those named or none
    Apply(ApplyArgs),
    /// Take the last apply back
    Undo,
    /// Write proposals as a series of mails for `git am`
    Export(ExportArgs),
    /// List the rewrite rules in force, or print one with its templates
    Rewrites(RewritesArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
    /// What the stages see, for work on them; CONTRIBUTING.md has examples
    #[command(subcommand, hide = true)]
    Debug(DebugCommand),
}

/// The views of `debug`.
#[derive(Debug, Subcommand)]
pub enum DebugCommand {
    /// Where each function begins and ends, its name and its signature
    Functions {
        /// C files of the tree
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// The tokens: line, offset, kind, text
    Tokens {
        /// A C file of the tree
        file: PathBuf,
    },
    /// The text that the parser is given instead of the file's own
    Mask {
        /// A C file of the tree, or one function of it: FILE[:FUNCTION]
        #[arg(value_name = "PLACE")]
        place: String,
    },
    /// The syntax tree, a line a node
    Tree {
        /// FILE[:FUNCTION]
        #[arg(value_name = "PLACE")]
        place: String,
    },
    /// What a name means in a file: definitions, constant, signature, macro
    Name {
        /// A C file of the tree
        file: PathBuf,
        /// The name, or a constant expression
        name: String,
    },
}

/// Arguments of `scan`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drvdedup scan drivers/hwmon
  drvdedup scan --kind identical,constant-only --level driver --format json
  drvdedup scan --top 10 --min-lines 20          the ten to look at first
  drvdedup scan --summary                        how much of each class is redundant
  drvdedup scan --focus drivers/hwmon/lm75.c     is this somewhere else, too?
  drvdedup scan --since HEAD                     only what is not committed yet
  drvdedup scan --since v6.1..next               only what these commits changed
  drvdedup scan --deny identical drivers/gpio    exit with 1 if there are any
  drvdedup scan --write-baseline known.txt       live with what is there now
  drvdedup scan --baseline known.txt             exit with 1 if there are others
  drvdedup scan --format sarif -o groups.sarif   for code scanning
  drvdedup scan --mode report drivers/hwmon      file:line:col: message, for an editor
  drvdedup scan -v                               also how much of the code was read

What comes first is what saves most lines, a safe remedy before one that must be judged
and near members before far ones; groups that are alike but for whole statements stand
apart, after all others.

A comment `drvdedup: keep (reason)` directly above a function keeps it out of all groups.
One that has no effect is warned of, -v names the functions that are kept.")]
pub struct ScanArgs {
    #[command(flatten)]
    pub what: WhatArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    /// Exit with 1 if a group of one of these kinds is reported
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind_parser())]
    pub deny: Vec<Kind>,
    /// Do not report the groups that FILE names, and exit with 1 if there are others;
    /// SARIF marks what is new, unchanged and absent
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write the groups found to FILE, a line each, those of --baseline included
    #[arg(long, value_name = "FILE", conflicts_with_all = ["top", "since"])]
    pub write_baseline: Option<PathBuf>,
    /// For people, a table of redundant lines by class in place of the groups; JSON has
    /// it always
    #[arg(long, conflicts_with = "mode")]
    pub summary: bool,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drvdedup plan drivers/hwmon
  drvdedup plan --kind constant-only --format json drivers/net > plan.json
  drvdedup plan --by text drivers/media          tables that make the code smaller, too
  drvdedup plan --format html -o report.html     to look at in a browser
  drvdedup plan --mode patch drivers/hwmon       all patches, one after another
  drvdedup plan --explain                        what each reason of a refusal means

The proposals are kept in .drvdedup/ at the top of the tree.")]
pub struct PlanArgs {
    #[command(flatten)]
    pub what: WhatArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    /// List the reasons for which a group is refused, one line each
    #[arg(long, conflicts_with_all = ["output", "mode"])]
    pub explain: bool,
    /// Propose a module of its own for what drivers share that have none in common: a
    /// source file, a header, a line in the Kbuild file, an option that the drivers select
    #[arg(long)]
    pub new_library: bool,
    /// What a table in the place of code must save: lines, or else bytes of text, by an
    /// estimate, which each such proposal tells [default: that of the configuration, else
    /// lines]
    #[arg(long, value_name = "MEASURE", value_parser = named_parser(&MEASURES))]
    pub by: Option<Measure>,
    /// Call the helper of GROUP, as the report names it, NAME
    #[arg(long, value_name = "GROUP=NAME", value_parser = given_name)]
    pub name: Vec<(String, String)>,
}

impl PlanArgs {
    /// What is asked for beyond the configuration, but for the names.
    pub fn asked(&self) -> Asked {
        Asked { new_library: self.new_library, by: self.by, ..Asked::default() }
    }
}

/// A group and what its helper is to be called.
fn given_name(text: &str) -> Result<(String, String), String> {
    let (group, name) = text.split_once('=').ok_or("it has no `=` between group and name")?;
    planning::check_name(name)?;
    Ok((group.to_owned(), name.to_owned()))
}

/// The measures by their names.
const MEASURES: [(&str, Measure); 2] = [("lines", Measure::Lines), ("text", Measure::Text)];

/// How a report is written, and where.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Write as `make coccicheck` does in this mode, in place of --format: a line a member
    /// (report), the patches (patch, of plan), the members marked as in a diff (context), or
    /// for Emacs (org). Always all groups
    #[arg(long, value_name = "MODE", value_parser = named_parser(&MODES))]
    pub mode: Option<Mode>,
    /// Write the report to FILE, which is replaced once all is done
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What to read and what of it to report.
#[derive(Debug, Args)]
pub struct WhatArgs {
    /// Files and folders to read [default: those of the configuration, else the
    /// tree's `drivers` and `sound`, or `.` outside a kernel tree]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only groups of these kinds
    #[arg(long, value_delimiter = ',', value_parser = kind_parser())]
    pub kind: Vec<Kind>,
    /// Only groups of these levels
    #[arg(long, value_delimiter = ',', value_parser = level_parser())]
    pub level: Vec<Level>,
    /// Only groups with a member in one of these classes (`net` includes `net/ethernet`)
    #[arg(long, value_delimiter = ',')]
    pub class: Vec<String>,
    /// Only groups whose members all have at least N lines
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub min_lines: u32,
    /// Only groups with a function that was changed since REV, in the working tree or a new
    /// file; or by the commits A..B
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,
    /// Only groups with a member in this file, or this function of it (FILE[:FUNCTION]):
    /// is there already what stands there?
    #[arg(long, value_name = "FILE")]
    pub focus: Option<String>,
    /// Only the N groups to look at first, in every format and in all counts
    #[arg(long, value_name = "N")]
    pub top: Option<NonZeroUsize>,
    /// Groups to print for people, 0 for all; the others are counted [default: 50, with
    /// --top all of them]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drvdedup show 3f9a                  the beginning of an id is enough
  drvdedup show 77c0 drivers/hwmon    a group that `drvdedup scan drivers/hwmon` found")]
pub struct ShowArgs {
    /// Id of a proposal or of a group, or its beginning
    pub id: String,
    /// Where to look for a group without a proposal [default: as for `scan`]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `review`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drvdedup review                       one after the other, from where the last run stopped
  drvdedup review --list                what was decided, and what is open
  drvdedup review --accept 3f9a 77c0    without a terminal
  drvdedup review --reject 3f9a --reason 'the copies are going to differ'

Keys: a accept, r reject, s skip, b back, e edit the patch, m name the helper, A take all of
the group, file or driver, u forget the answer, ? help, q quit. Every answer is saved at
once. `apply` and `export` take what is accepted.")]
pub struct ReviewArgs {
    /// Ids of proposals, or their beginnings [default: every one]
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// List the proposals with what was decided, in the order of the review
    #[arg(long)]
    pub list: bool,
    /// Accept these
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub accept: Vec<String>,
    /// Reject these
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub reject: Vec<String>,
    /// Why they are rejected
    #[arg(long, value_name = "TEXT", requires = "reject")]
    pub reason: Option<String>,
    /// The same as `--format json`
    #[arg(long)]
    pub json: bool,
    /// Forget what was decided about these
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub forget: Vec<String>,
}

impl ReviewArgs {
    /// Whether something is decided without looking.
    pub fn decides(&self) -> bool {
        !(self.accept.is_empty() && self.reject.is_empty() && self.forget.is_empty())
    }
}

/// Which of the stored proposals.
#[derive(Debug, Args)]
pub struct WhichArgs {
    /// Ids of proposals, or their beginnings [default: the accepted ones]
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Every proposal of the store
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drvdedup verify --all --prepare                 configure a kernel and prove everything
  drvdedup verify --all --kernel-build ../build   with a configuration of your own
  drvdedup verify 3f9a --require identical-object exit with 1 if it comes not so far

The rungs: `compiles` (every touched object, as it is, with no new warning at W=1) and
`identical-object` (the same machine code, function by function, when the helper is
inlined and new loops are unrolled; a switch that became a table may be other code that
returns the same for all arguments, which is found out by running it). A verdict holds for the configuration, compiler and architecture that it was
reached with. What the configuration does not build is `not built here`: it stays at
`expands`. The verdicts are saved as they come: an interrupted run goes on where it
stopped. The tree is never written to, nor is the build folder.")]
pub struct VerifyArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// A configured build folder of this tree (`make O=DIR …`); only its .config is used
    #[arg(long, value_name = "DIR")]
    pub kernel_build: Option<PathBuf>,
    /// Configure a kernel below the cache folder, once: allmodconfig without what makes
    /// code hard to compare, for this machine, with the compiler that CC or LLVM names
    #[arg(long, conflicts_with = "kernel_build")]
    pub prepare: bool,
    /// Exit with 1 if a proposal does not reach this rung
    #[arg(long, value_name = "RUNG", value_parser = rung_parser())]
    pub require: Option<Verdict>,
    /// Also what was verified before with the same kernel
    #[arg(long)]
    pub again: bool,
    /// Kill a compiler, or a function that is run, that takes longer; the proposals of its
    /// file stay below the rung
    #[arg(long, value_name = "SECONDS", default_value_t = COMPILE_LIMIT.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// Plant faults in the patches that were proved, and count how many of them are
    /// found; exit with 1 if one is not. Nothing is stored
    #[arg(long, conflicts_with_all = ["require", "again"])]
    pub selftest: bool,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drvdedup apply --check 3f9a 77c0    try, change nothing
  drvdedup apply 3f9a 77c0            both or none
  drvdedup apply --all --require identical-object

Killed at any moment, it leaves a tree that the next apply, undo, plan or review first
takes back to before, or completes, and says which.")]
pub struct ApplyArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// Apply no proposal below this rung: of those named it is an error, of all and of the
    /// accepted ones they are left out
    #[arg(long, value_name = "RUNG", value_parser = rung_parser(), default_value = "expands")]
    pub require: Verdict,
    /// Only try: the tree stays as it is
    #[arg(long)]
    pub check: bool,
    /// Also where a proposal changes lines that git tracks and that are not committed
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drvdedup export -o outgoing 3f9a 77c0
  drvdedup export -o outgoing --all --require identical-object
  git am --empty=drop outgoing/*.patch        the cover letter is no commit
  scripts/get_maintainer.pl outgoing/*.patch  to whom to send them

More than 15 patches become a series for each subsystem, in folders of their own. A helper
that several drivers share is a patch before one for each driver. Subjects begin as most in
the log of the file do, if git has a log. The author is git's; the date is now, or
SOURCE_DATE_EPOCH, with which the same input gives the same bytes. There is no sign-off:
that is yours to give, with `git am -s`.")]
pub struct ExportArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// The folder to write; one that is there must be empty or hold an earlier export,
    /// which is replaced
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Export no proposal below this rung: of those named it is an error, of all and of the
    /// accepted ones they are left out
    #[arg(long, value_name = "RUNG", value_parser = rung_parser(), default_value = "expands")]
    pub require: Verdict,
}

/// Arguments of `rewrites`.
#[derive(Debug, Args)]
pub struct RewritesArgs {
    /// The rule to print
    pub name: Option<String>,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  drvdedup completions bash > ~/.local/share/bash-completion/completions/drvdedup")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// The kinds that `detect` finds, by their names in the contract.
const KINDS: [(&str, Kind); 7] = [
    ("identical", Kind::Identical),
    ("constant-only", Kind::ConstantOnly),
    ("renamed", Kind::Renamed),
    ("wrapper", Kind::Wrapper),
    ("gapped", Kind::Gapped),
    ("reimplements", Kind::Reimplements),
    ("sequence", Kind::Sequence),
];
const LEVELS: [(&str, Level); 4] = [
    ("driver", Level::Driver),
    ("subset", Level::Subset),
    ("class", Level::Class),
    ("cross-class", Level::CrossClass),
];

const MODES: [(&str, Mode); 4] = [
    ("report", Mode::Report),
    ("patch", Mode::Patch),
    ("context", Mode::Context),
    ("org", Mode::Org),
];

const RUNGS: [(&str, Verdict); 5] = [
    ("applies", Verdict::Applies),
    ("parses", Verdict::Parses),
    ("expands", Verdict::Expands),
    ("compiles", Verdict::Compiles),
    ("identical-object", Verdict::IdenticalObject),
];

fn rung_parser() -> impl TypedValueParser<Value = Verdict> {
    named_parser(&RUNGS)
}

fn kind_parser() -> impl TypedValueParser<Value = Kind> {
    named_parser(&KINDS)
}

fn level_parser() -> impl TypedValueParser<Value = Level> {
    named_parser(&LEVELS)
}

/// Takes the names of `table` and yields what they stand for.
fn named_parser<T>(table: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let names = PossibleValuesParser::new(table.iter().map(|(name, _)| *name));
    names.try_map(|name| {
        let entry = table.iter().find(|(known, _)| *known == name);
        entry.map(|&(_, value)| value).ok_or_else(|| format!("`{name}` is not known"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::contract_name;
    use clap::CommandFactory;

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn names_are_those_of_the_contract() {
        for (name, kind) in KINDS {
            assert_eq!(name, contract_name(kind));
        }
        for (name, level) in LEVELS {
            assert_eq!(name, contract_name(level));
        }
        for (name, rung) in RUNGS {
            assert_eq!(name, contract_name(rung));
        }
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let args = ["drvdedup", "scan", "--kind", "identical,renamed", "--deny=renamed", "x"];
        let Command::Scan(scan) = Cli::parse_from(args).command else { panic!("it is a scan") };
        assert_eq!(scan.what.kind, [Kind::Identical, Kind::Renamed]);
        assert_eq!(scan.deny, [Kind::Renamed]);
    }
}
