//! The program on a real kernel. `.ci/prepare-kernel` makes one ready and prints
//! the two variables that name it:
//!
//! * `DRVDEDUP_KERNEL`: an unpacked Linux 6.1, only read here;
//! * `DRVDEDUP_KERNEL_BUILD`: a build folder with its `.config`, only read too;
//! * `DRVDEDUP_KERNEL_WORK`: where to work, on the file system of the kernel
//!   (default: `test-work` beside the build folder);
//! * `DRVDEDUP_SEED`: a number that chooses the random subsets and mutants
//!   (default 1).
//!
//! The tests that change the kernel share one working copy and take turns on it.

#[path = "../support/mutate/mod.rs"]
mod mutate;
#[path = "../support/planting/mod.rs"]
mod planting;
#[path = "../support/mod.rs"]
mod support;

mod build;
mod census;
mod checkpatch;
mod families;
mod git;
mod ladder;
mod peak;
mod recall;
mod replay;
mod series;
mod subsets;
mod table;
mod texts;
mod workspace;

use drvdedup::verify::build::Mode;
use mutate::Random;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use support::plan::{self, Outcome, Plan, Proposal};
use texts::Texts;
use workspace::{FOLDERS, Sources, Workspace};

/// What share of the groups of one file gets a proposal at the least, of all and
/// of those that a rewrite makes shorter. The aim is `AIM_ALL` and `AIM_GAINING`;
/// these are what is reached, and only ever go up.
const FLOOR_ALL: f64 = 0.60;
const FLOOR_GAINING: f64 = 0.80;
const AIM_ALL: f64 = 0.55;
const AIM_GAINING: f64 = 0.80;

/// So many proposals climb the whole ladder, chosen by the seed.
const VERIFIED: usize = 12;

/// So many of those that several files share, beside one that makes a module: most are of
/// rtlwifi, a dozen objects each.
const VERIFIED_ACROSS: usize = 2;

/// So many proposals for drivers are applied in one go, and undone.
const UNDONE: usize = 1000;

/// Every second proposal of these gets faults: some two hundred, in five minutes.
const FAULTY: [&str; 3] = ["drivers/hwmon", "drivers/power/supply", "drivers/gpio"];

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn every_proposal_applies_with_git_alone_and_so_does_the_diff_of_all() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let failures: Vec<String> = plan
        .proposals
        .iter()
        .filter_map(|proposal| git::check(workspace.source(), &proposal.patch).err())
        .collect();
    assert!(failures.is_empty(), "do not apply alone:\n{}", failures.join("\n"));

    workspace.run(&["apply", "--all"]);
    let files = workspace::touched_files(&plan.proposals);
    let diff = git::diff(workspace.pristine(), workspace.source(), &files);
    assert!(!diff.is_empty(), "all proposals together changed nothing");
    git::check_text(workspace.pristine(), &diff)
        .unwrap_or_else(|error| panic!("the diff of all proposals does not apply: {error}"));
    say_which_fail_in_a_row(&mut workspace);
}

/// Two proposals that change neighbouring lines stand in each other's context.
/// `drvdedup apply` moves the stored patches on; git alone cannot, and that is no
/// fault of a patch.
fn say_which_fail_in_a_row(workspace: &mut Workspace) {
    workspace.reset();
    let plan = workspace.plan();
    let patches = plan.proposals.iter().map(|proposal| &proposal.patch);
    let failures: Vec<String> =
        patches.filter_map(|patch| git::apply(workspace.source(), patch).err()).collect();
    let (failed, all) = (failures.len(), plan.proposals.len());
    println!("{failed} of {all} patches fail after those before them with git alone");
    failures.iter().for_each(|failure| println!("{failure}"));
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn the_share_of_groups_that_get_a_proposal_does_not_fall() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let table = table::Table::of(&plan);
    println!("{table}");
    assert!(table.groups > 100, "only {} groups of one file: nothing was measured", table.groups);
    let shares = [
        ("all groups", table.share_of_all(), FLOOR_ALL, AIM_ALL),
        ("groups that get shorter", table.share_of_gaining(), FLOOR_GAINING, AIM_GAINING),
    ];
    for (what, share, floor, aim) in shares {
        let missing = (aim - share) * 100.0;
        if missing > 0.0 {
            println!("{what}: {missing:.1} points below the aim of {:.0} %", aim * 100.0);
        }
        let (percent, floor_percent) = (share * 100.0, floor * 100.0);
        assert!(share >= floor, "{what}: {percent:.1} % get a proposal, not {floor_percent:.0} %");
    }
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn every_group_ends_as_a_proposal_or_a_refusal_and_undo_restores_every_byte() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let proposed =
        plan.groups.iter().filter(|group| matches!(group.outcome, Outcome::Proposal(_))).count();
    assert_eq!(proposed, plan.proposals.len(), "groups with a proposal, and proposals");
    let before = workspace.sources();
    workspace.run(&["apply", "--all"]);
    assert!(workspace.sources() != before, "all proposals together changed nothing");
    workspace.run(&["undo"]);
    assert_same("after the undo", &before, &workspace.sources());
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn half_of_the_proposals_and_then_the_rest_give_what_all_give_at_once() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let before = workspace.sources();
    workspace.apply(&plan.proposals);
    let at_once = workspace.sources();

    workspace.reset();
    let mut random = Random::from_environment();
    let (half, rest) = random.halves(&plan.proposals);
    println!("seed {}: {} then {} proposals", random.seed(), half.len(), rest.len());
    workspace.apply(half);
    let between = workspace.sources();
    let alone = rest.iter().filter_map(|p| git::check(workspace.source(), &p.patch).err());
    let failures: Vec<String> = alone.collect();
    assert!(failures.is_empty(), "do not apply after the half:\n{}", failures.join("\n"));
    workspace.apply(rest);
    assert_same("after both halves", &at_once, &workspace.sources());
    workspace.run(&["undo"]);
    assert_same("after one undo", &between, &workspace.sources());
    workspace.run(&["undo"]);
    assert_same("after both undos", &before, &workspace.sources());
}

fn assert_same(when: &str, expected: &Sources, found: &Sources) {
    let differs = |path: &&PathBuf| found.get(*path) != expected.get(*path);
    let paths: BTreeSet<&PathBuf> = expected.keys().chain(found.keys()).filter(differs).collect();
    assert!(paths.is_empty(), "{when} differ: {paths:?}");
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn all_proposals_together_and_a_random_half_build_without_a_new_warning() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let mut texts = Texts::before(&workspace, workspace::touched_files(&plan.proposals));
    let (touched, built) = texts.counts();
    println!("{built} objects of {touched} touched files are built by the configuration");
    assert!(built * 2 > touched, "most of the touched objects do not build");

    workspace.apply(&plan.proposals);
    texts.compile(&workspace, "all together");

    workspace.reset();
    let mut random = Random::from_environment();
    // One call after the other: the second is re-based on the first.
    let (first, second) = random.two_quarters(&plan.proposals);
    let what = format!("seed {}: {} then {}", random.seed(), first.len(), second.len());
    workspace.apply(first);
    workspace.apply(second);
    texts.compile(&workspace, &what);

    workspace.reset();
    texts.assert_that_a_warning_is_a_fault(&workspace);
    texts.assert_no_faults();
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn a_replayed_command_gives_the_object_and_the_warnings_of_make() {
    let workspace = Workspace::lock();
    let files = replay::sample(&workspace, &["drivers/hwmon", "drivers/power/supply"], 20);
    let replay = replay::Replay::of(&workspace, &files);
    let sources = replay.compiles.iter().map(|it| it.source.clone()).collect::<Vec<_>>();
    assert!(sources.len() * 2 > files.len(), "most of the {} files are not built", files.len());
    let build = build::Build::prepare(&workspace);
    let made = build.objects(&sources);
    let replayed = replay.compile(Mode::AsIs);
    let warnings = replayed.iter().flat_map(|it| &it.diagnostics);
    assert_eq!(replay::shown(warnings), replay::shown(&made.diagnostics));
    for (compile, compiled) in replay.compiles.iter().zip(&replayed) {
        let object = compiled.object.as_ref().unwrap_or_else(|| panic!("{}", compiled.said));
        let same = replay.with_objtool(object) == build.object(&compile.object);
        assert!(same, "{}: not the object that make makes", compile.source);
    }
    for mode in replay::COMPARABLE {
        let failed = replay.compile(mode).into_iter().find(|it| it.object.is_none());
        assert!(failed.is_none(), "{}", failed.map(|it| it.said).unwrap_or_default());
    }
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn all_that_is_built_compiles_and_nine_of_ten_are_the_same_machine_code() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let configuration = workspace.configuration();
    let build = configuration.parent().expect("a build folder").to_string_lossy();
    let before = workspace.sources();
    // Each alone; all of them would take a quarter of an hour.
    let some = Random::from_environment().some(&plan.proposals, VERIFIED);
    let ids: Vec<&str> = some.iter().map(|it| it.id.as_str()).collect();
    let arguments = ["verify", "-v", "--format", "json", "--kernel-build", &build];
    let run = plan::drvdedup(workspace.source(), &[&arguments, ids.as_slice()].concat());
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let (table, cost) =
        (ladder::Table::read(&run.stdout, &FOLDERS), ladder::Cost::read(&run.stderr));
    println!("{table}\n{cost}");
    assert_same("after verifying", &before, &workspace.sources());
    let ladder::Row { proposals, built, compiled, identical, explained } = table.all;
    assert_eq!(proposals, ids.len(), "proposals verified");
    assert!(built * 2 > proposals, "most of the touched objects do not build");
    assert_eq!(compiled, built, "something that is built fails");
    assert_eq!(identical + explained, proposals, "something is not explained");
    let share = identical as f64 / built as f64;
    assert!(share >= ladder::FLOOR_IDENTICAL, "{:.1} % are the same code", share * 100.0);
    assert!(cost.all <= ladder::MOST_TIMES * cost.built, "too dear:\n{cost}");
}

/// Where drivers of many files have copies in several of them.
const ACROSS: [&str; 4] =
    ["drivers/leds", "drivers/media/pci", "drivers/scsi", "drivers/net/wireless/realtek"];

/// The share of those that are built and are the same machine code at the least; it only
/// ever goes up.
const FLOOR_ACROSS: f64 = 0.85;
const AIM_ACROSS: f64 = 0.85;

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn what_several_files_share_compiles_links_and_is_the_same_machine_code() {
    let workspace = Workspace::lock();
    let configuration = workspace.configuration();
    let build = configuration.parent().expect("a build folder").to_string_lossy();
    let plan = plan::plan(workspace.source(), &ACROSS).unwrap_or_else(|error| panic!("{error}"));
    let is_across = |proposal: &&Proposal| {
        proposal.files.iter().filter(|file| file.ends_with(".c")).count() > 1
    };
    let across: Vec<&Proposal> = plan.proposals.iter().filter(is_across).collect();
    assert!(across.len() >= 10, "only {} proposals for several files", across.len());
    let some = Random::from_environment().some(&across, VERIFIED_ACROSS);
    let ids: Vec<&str> = some.iter().map(|it| it.id.as_str()).collect();
    let arguments = ["verify", "--format", "json", "--kernel-build", &build];
    let json = workspace.run(&[&arguments, ids.as_slice()].concat());
    let table = ladder::Table::read(&json, &ACROSS);
    println!("{table}");
    let ladder::Row { built, compiled, identical, explained, proposals } = table.all;
    assert!(built > 0 && compiled == built, "something that is built fails");
    assert_eq!(identical + explained, proposals, "something is not explained");
    let share = identical as f64 / built as f64;
    println!("the same code: {:.1} % (aim {:.0} %)", share * 100.0, AIM_ACROSS * 100.0);
    assert!(share >= FLOOR_ACROSS, "{:.1} % are the same code", share * 100.0);
}

/// Where constants stand in code: registers that are written, states that have names.
const TABLED: [&str; 6] = [
    "drivers/infiniband",
    "drivers/media/dvb-frontends",
    "drivers/net/wireless/realtek",
    "drivers/net/ethernet/hisilicon",
    "drivers/hwmon",
    "drivers/iio/accel",
];

/// So many of each sort climb the whole ladder.
const VERIFIED_TABLED: usize = 5;

/// Files with long runs of calls that fit on one line each.
const BY_TEXT: [&str; 2] =
    ["drivers/net/wireless/ralink/rt2x00/rt2800lib.c", "drivers/media/usb/gspca/xirlink_cit.c"];

/// The share of the tables that must do the same as the code that they stand for.
const FLOOR_TABLED: f64 = 0.85;

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn what_became_a_table_compiles_and_does_the_same() {
    let workspace = Workspace::lock();
    let configuration = workspace.configuration();
    let build = configuration.parent().expect("a build folder").to_string_lossy();
    let plan = plan::plan(workspace.source(), &TABLED).unwrap_or_else(|error| panic!("{error}"));
    let of = |rule: &str| -> Vec<&str> {
        let of_rule = plan.proposals.iter().filter(|it| it.rewrite == rule);
        of_rule.map(|it| it.id.as_str()).collect()
    };
    let (switches, runs) = (of("table-lookup"), of("table-loop"));
    assert!(switches.len() >= 4 && runs.len() >= 4, "{} and {}", switches.len(), runs.len());
    // As many of each.
    let mut random = Random::from_environment();
    let ids: Vec<&str> = [switches, runs]
        .iter()
        .flat_map(|all| random.some(all, VERIFIED_TABLED))
        .copied()
        .collect();
    let arguments = ["verify", "--format", "json", "--kernel-build", &build];
    let json = workspace.run(&[&arguments[..], &ids].concat());
    let table = ladder::Table::read(&json, &TABLED);
    println!("{table}");
    let ladder::Row { proposals, built, compiled, identical, explained } = table.all;
    assert!(built > 0 && compiled == built, "something that is built fails");
    assert_eq!(identical + explained, proposals, "something is not explained");
    let share = identical as f64 / built as f64;
    assert!(share >= FLOOR_TABLED, "{:.1} % do the same", share * 100.0);
}

/// So many of them are compiled, chosen by the seed.
const VERIFIED_FAMILIES: usize = 6;

/// Folders with functions that attributes name and that differ in constants.
const ATTRIBUTES: [&str; 6] = [
    "drivers/hwmon",
    "drivers/hwtracing/coresight",
    "drivers/iio/chemical",
    "drivers/iio/humidity",
    "drivers/iio/imu",
    "drivers/staging/iio",
];

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn functions_of_attributes_become_one_and_do_the_same() {
    let workspace = Workspace::lock();
    let configuration = workspace.configuration();
    let build = configuration.parent().expect("a build folder").to_string_lossy();
    let plan =
        plan::plan(workspace.source(), &ATTRIBUTES).unwrap_or_else(|error| panic!("{error}"));
    let is_family = |it: &&Proposal| it.rewrite == "table-family";
    let ids: Vec<&str> = plan.proposals.iter().filter(is_family).map(|it| &*it.id).collect();
    assert!(ids.len() >= 7, "{} families", ids.len());
    let mut random = Random::from_environment();
    let ids: Vec<&str> = random.some(&ids, VERIFIED_FAMILIES).into_iter().copied().collect();
    let arguments = ["verify", "--format", "json", "--kernel-build", &build];
    let json = workspace.run(&[&arguments[..], &ids].concat());
    let table = ladder::Table::read(&json, &ATTRIBUTES);
    println!("{table}");
    let ladder::Row { proposals, built, compiled, identical, explained } = table.all;
    assert!(built > 0 && compiled == built, "something that is built fails");
    assert_eq!(identical + explained, proposals, "something is not explained");
    let share = identical as f64 / built as f64;
    assert!(share >= FLOOR_TABLED, "{:.1} % do the same", share * 100.0);
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn tables_that_add_lines_take_bytes_away() {
    let workspace = Workspace::lock();
    let configuration = workspace.configuration();
    let build = configuration.parent().expect("a build folder").to_string_lossy();
    let plan = plan::plan(workspace.source(), &[&["--by", "text"], &BY_TEXT[..]].concat());
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    let adds = |it: &&Proposal| it.lines_added >= it.lines_removed;
    let ids: Vec<&str> = plan.proposals.iter().filter(adds).map(|it| it.id.as_str()).collect();
    assert!(ids.len() >= 12, "{} tables by the size of the code", ids.len());
    let mut random = Random::from_environment();
    let ids: Vec<&str> = random.some(&ids, VERIFIED_TABLED).into_iter().copied().collect();
    let arguments = ["verify", "--format", "json", "--kernel-build", &build];
    let json = workspace.run(&[&arguments[..], &ids].concat());
    let ladder::Row { proposals, built, compiled, identical, .. } =
        ladder::Table::read(&json, &BY_TEXT).all;
    assert_eq!((built, compiled), (proposals, proposals), "something does not compile");
    assert_eq!(identical, proposals, "something does something else");
    let said: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    for proposal in said["proposals"].as_array().expect("the proposals") {
        let detail = proposal["proof"]["detail"].as_str().unwrap_or_default();
        let numbers = detail.rsplit_once("text: ").map_or("", |(_, behind)| behind);
        let numbers: Vec<u64> = numbers.split(' ').filter_map(|it| it.parse().ok()).collect();
        let [before, after] = numbers[..] else { panic!("no size in: {detail}") };
        println!("{}: {before} bytes of text before, {after} after", proposal["id"]);
        assert!(after < before, "{}: the code did not get smaller", proposal["id"]);
    }
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn drivers_without_a_module_in_common_get_one_and_are_the_same_machine_code() {
    let workspace = Workspace::lock();
    let configuration = workspace.configuration();
    let build = configuration.parent().expect("a build folder").to_string_lossy();
    let before = workspace.sources();
    let plan = plan::plan(workspace.source(), &["--new-library", "sound/soc/codecs"]);
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    let makes = |it: &&Proposal| it.files.iter().any(|file| file.ends_with("/Kconfig"));
    let first = plan.proposals.iter().find(makes).expect("a module for several codecs");
    println!("{}: {}", first.id, first.files.join(" "));
    let json = workspace.run(&["verify", "--format", "json", "--kernel-build", &build, &first.id]);
    let ladder::Row { built, identical, .. } =
        ladder::Table::read(&json, &["sound/soc/codecs"]).all;
    assert_eq!((built, identical), (1, 1), "{}", String::from_utf8_lossy(&json));
    assert_same("after verifying", &before, &workspace.sources());
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn every_fault_that_is_planted_in_what_was_proved_is_rejected() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let configuration = workspace.configuration();
    let build = configuration.parent().expect("a build folder").to_string_lossy();
    let of_folder = |it: &&Proposal| FAULTY.iter().any(|folder| it.files[0].starts_with(folder));
    let of_folders = plan.proposals.iter().filter(of_folder).enumerate();
    let some = of_folders.filter(|(at, _)| at % 12 < 10 && at % 2 == 0);
    let ids: Vec<&str> = some.map(|(_, it)| it.id.as_str()).collect();
    let before = workspace.sources();
    workspace.run(&[&["verify", "--kernel-build", &build], ids.as_slice()].concat());
    let arguments = ["verify", "--selftest", "-v", "--format", "json", "--kernel-build", &build];
    let run = plan::drvdedup(workspace.source(), &[&arguments, ids.as_slice()].concat());
    assert_same("after the test", &before, &workspace.sources());
    let (faults, cost) = (ladder::Faults::read(&run.stdout), ladder::Cost::read(&run.stderr));
    println!("{}{cost}", String::from_utf8_lossy(&run.stdout));
    let ladder::Faults { planted, equivalent, .. } = faults;
    assert!(planted >= 200, "only {planted} faults");
    assert!(equivalent * 5 <= planted, "{equivalent} of {planted} faults are none");
    // Tables are few in these folders.
    let (tables, others): (Vec<_>, Vec<_>) =
        faults.by_sort.iter().partition(|(sort, _)| *sort == "exchanged-table-rows");
    let of_no_sort = others.iter().filter(|(_, number)| **number < 10);
    assert_eq!(of_no_sort.count(), 0, "{:?}", faults.by_sort);
    assert_eq!(others.len(), 6, "{:?}", faults.by_sort);
    assert!(tables.iter().all(|(_, number)| **number > 0), "{:?}", faults.by_sort);
    assert!(faults.missed_by_all.is_empty(), "{}", faults.missed_by_all.join("\n"));
    assert!(faults.missed_by_code.is_empty(), "{}", faults.missed_by_code.join("\n"));
    assert_eq!(faults.by_code + faults.by_compiler + equivalent, planted);
    assert!(faults.by_text * 10 >= (planted - equivalent) * 9, "the texts show too few");
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn well_known_families_end_as_a_maintainer_would_end_them() {
    let workspace = Workspace::lock();
    let plan = plan::plan(workspace.source(), &families::FOLDERS);
    let otherwise = families::otherwise(&plan.unwrap_or_else(|error| panic!("{error}")));
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn checkpatch_has_nothing_to_say_of_lines_that_the_tool_composed() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let complaints = checkpatch::complaints(&workspace, &plan.proposals);
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn planning_gives_the_same_bytes_at_any_number_of_threads() {
    let workspace = Workspace::lock();
    let plan_with = |jobs| {
        workspace.run(&[&["plan", "--format", "json", "-j", jobs], FOLDERS.as_slice()].concat())
    };
    let alone = plan_with("1");
    assert!(alone == plan_with("2"), "-j 1 and -j 2 differ");
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
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
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn all_of_drivers_and_sound_is_planned_in_minutes_and_a_thousand_proposals_are_undone() {
    let workspace = Workspace::lock();
    let arguments = ["plan", "--format", "json", "drivers", "sound"];
    let run = peak::run(workspace.source(), &arguments, Duration::from_secs(15 * 60));
    println!("{} s, {} MB at the peak", run.elapsed.as_secs(), run.peak_kib / 1024);
    assert!(run.status.success(), "plan ended with {}\n{}", run.status, run.stderr);
    assert!(run.peak_kib < 4 << 20, "{} KiB at the peak", run.peak_kib);

    let plan: Plan = serde_json::from_slice(&run.stdout).expect("the contract's JSON");
    let is_of_drivers = |it: &&Proposal| it.files.iter().all(|file| file.starts_with("drivers/"));
    let some: Vec<&Proposal> = plan.proposals.iter().filter(is_of_drivers).take(UNDONE).collect();
    assert_eq!(some.len(), UNDONE, "proposals for drivers");
    let before = workspace.digests("drivers");
    workspace.apply(some.iter().copied());
    let between = workspace.digests("drivers");
    let changed: BTreeSet<&PathBuf> =
        between.iter().filter(|(path, it)| before.get(*path) != Some(it)).map(|it| it.0).collect();
    let touched = workspace::touched_files(some);
    let touched: BTreeSet<PathBuf> =
        touched.iter().map(|file| workspace.source().join(file)).collect();
    println!("{} of {} files changed", changed.len(), before.len());
    assert!(changed.iter().copied().eq(&touched), "other files than the patches name");
    workspace.run(&["undo"]);
    assert!(workspace.digests("drivers") == before, "undone, it is not what it was");
}
