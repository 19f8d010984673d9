//! The program on a real kernel. `.ci/prepare-kernel` makes one ready and prints
//! the two variables that name it:
//!
//! * `DRVDEDUP_KERNEL`: an unpacked Linux 6.1, only read here;
//! * `DRVDEDUP_KERNEL_BUILD`: a build folder with its `.config`, only read too;
//! * `DRVDEDUP_KERNEL_WORK`: where to work, on the file system of the kernel
//!   (default: `test-work` beside the build folder);
//! * `DRVDEDUP_SEED`: a number that chooses the random subsets (default 1).
//!
//! The tests share one working copy and take turns on it.

#[path = "../support/mod.rs"]
mod support;

mod build;
mod census;
mod checkpatch;
mod git;
mod peak;
mod subsets;
mod table;
mod workspace;

use build::Build;
use std::time::Duration;
use support::plan::{self, Outcome};
use workspace::{FOLDERS, Workspace};

#[test]
fn every_proposal_alone_and_all_of_them_together_apply() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let failures: Vec<String> = plan
        .proposals
        .iter()
        .filter_map(|proposal| git::check(workspace.source(), &proposal.patch).err())
        .collect();
    assert!(failures.is_empty(), "do not apply alone:\n{}", failures.join("\n"));

    let plan = workspace.plan();
    workspace.apply(&plan.ids());
    let files = workspace::touched_files(plan.proposals.iter());
    let diff = git::diff(workspace.pristine(), workspace.source(), &files);
    assert!(!diff.is_empty(), "all proposals together changed nothing");
    git::check_text(workspace.pristine(), &diff)
        .unwrap_or_else(|error| panic!("the diff of all proposals does not apply: {error}"));
}

#[test]
fn the_share_of_groups_that_get_a_proposal_is_high_enough() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let table = table::Table::of(&plan);
    println!("{table}");
    assert!(table.groups > 100, "only {} groups of one file: nothing was measured", table.groups);
    let (of_all, of_gainful) = (table.share_of_all(), table.share_of_gainful());
    assert!(of_all >= 0.55, "{:.1} % of the groups get a proposal, not 55 %", of_all * 100.0);
    assert!(
        of_gainful >= 0.80,
        "{:.1} % of the groups that can get shorter get a proposal, not 80 %",
        of_gainful * 100.0
    );
}

#[test]
fn every_group_ends_as_a_proposal_or_a_refusal_and_undo_restores_every_byte() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let proposed =
        plan.groups.iter().filter(|group| matches!(group.outcome, Outcome::Proposal(_))).count();
    assert_eq!(proposed, plan.proposals.len(), "groups with a proposal, and proposals");
    let before = workspace.sources();
    workspace.apply(&plan.ids());
    assert!(workspace.sources() != before, "all proposals together changed nothing");
    workspace.run(&["undo"]);
    let after = workspace.sources();
    let changed = before.iter().filter(|(path, bytes)| after.get(*path) != Some(*bytes));
    let changed: Vec<_> = changed.map(|(path, _)| path).collect();
    assert!(changed.is_empty(), "undo did not restore {changed:?}");
    assert_eq!(before.len(), after.len(), "files before the apply and after the undo");
}

#[test]
fn all_proposals_together_and_random_subsets_build_without_a_new_warning() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let build = Build::prepare(&workspace);
    let files = workspace::touched_files(plan.proposals.iter());
    let before = build.objects(&files);
    println!(
        "{} objects of {} touched files are built by the configuration",
        before.built.len(),
        files.len()
    );
    assert!(before.built.len() * 2 > files.len(), "most of the touched objects do not build");

    workspace.apply(&plan.ids());
    build.objects(&files).assert_no_worse_than(&before, "all proposals");

    let mut random = subsets::Random::from_environment();
    for _ in 0..2 {
        workspace.reset();
        let plan = workspace.plan();
        // One call after the other: the second is re-based on the first.
        let (first, second) = random.two_subsets(&plan.proposals);
        let chosen: Vec<_> = first.iter().chain(&second).copied().collect();
        for half in [&first, &second] {
            let ids: Vec<&str> = half.iter().map(|proposal| proposal.id.as_str()).collect();
            workspace.apply(&ids);
        }
        let files = workspace::touched_files(chosen);
        let what = format!("seed {}: {} then {}", random.seed(), first.len(), second.len());
        println!("{what} proposals, {} files", files.len());
        build.objects(&files).assert_no_worse_than(&before.only(&files), &what);
    }
}

#[test]
fn checkpatch_has_nothing_to_say_of_lines_that_the_tool_composed() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let complaints = checkpatch::complaints(&workspace, &plan.proposals);
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn planning_gives_the_same_bytes_at_any_number_of_threads() {
    let workspace = Workspace::lock();
    let plan_with = |jobs| {
        workspace.run(&[&["plan", "--format", "json", "-j", jobs], FOLDERS.as_slice()].concat())
    };
    let alone = plan_with("1");
    assert!(alone == plan_with("2"), "-j 1 and -j 2 differ");
}

#[test]
fn nearly_all_functions_are_found_and_parsed() {
    let workspace = Workspace::lock();
    let output = plan::drvdedup(workspace.source(), &["scan", "-v", "drivers", "sound"]);
    let census = census::Census::read(&output.stderr);
    println!("{census:?}");
    assert!(census.by_text > 400_000, "{census:?}: that is not all of drivers and sound");
    assert!(census.share_found() >= 0.99, "{census:?}");
    assert!(census.share_parsed() >= 0.993, "{census:?}");
}

#[test]
fn planning_all_of_drivers_and_sound_takes_minutes_and_less_than_four_gigabytes() {
    let workspace = Workspace::lock();
    let arguments = ["plan", "--format", "json", "drivers", "sound"];
    let run = peak::run(workspace.source(), &arguments, Duration::from_secs(15 * 60));
    println!("{} s, {} MB at the peak", run.elapsed.as_secs(), run.peak_kib / 1024);
    assert!(run.status.success(), "plan ended with {}\n{}", run.status, run.stderr);
    assert!(run.peak_kib < 4 << 20, "{} KiB at the peak", run.peak_kib);
}
