//! Duplicates that are planted are found, and named what they are: a generator makes
//! mutants of the functions of `fixtures/tree` in nine ways, and a scan of the tree
//! with them must show each beside its original. `DRVDEDUP_SEED` chooses other mutants;
//! the tests on a real kernel do the same with its functions.

#[path = "support/mutate/mod.rs"]
mod mutate;
#[path = "support/planting/mod.rs"]
mod planting;

use mutate::{Class, Random};
use planting::Base;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// `fixtures/tree`, and as its background the drivers of all other fixtures.
static BASE: LazyLock<(TempDir, Base)> = LazyLock::new(base);

#[test]
fn functions_of_another_layout_are_identical() {
    planting::check(&BASE.1, Class::Layout, 100);
}

#[test]
fn functions_with_other_locals_are_renamed() {
    planting::check(&BASE.1, Class::Locals, 100);
}

#[test]
fn functions_with_other_constants_are_constant_only() {
    planting::check(&BASE.1, Class::Constants, 100);
}

#[test]
fn functions_that_call_another_function_are_renamed() {
    planting::check(&BASE.1, Class::Callee, 100);
}

#[test]
fn functions_of_another_type_are_renamed() {
    planting::check(&BASE.1, Class::Type, 100);
}

/// What takes the kind *gapped* to be found: `cargo test gapped::` runs these alone.
mod gapped {
    use super::{BASE, Class, planting};

    #[test]
    fn functions_with_a_statement_more_are_gapped() {
        planting::check(&BASE.1, Class::Inserted, 98);
    }

    #[test]
    fn functions_with_two_statements_less_are_gapped() {
        planting::check(&BASE.1, Class::Deleted, 98);
    }

    #[test]
    fn functions_with_two_statements_exchanged_are_gapped() {
        planting::check(&BASE.1, Class::Exchanged, 98);
    }

    #[test]
    fn functions_changed_in_two_ways_are_what_the_stronger_change_makes_them() {
        planting::check(&BASE.1, Class::Mixture, 95);
    }
}

#[test]
fn mutants_differ_from_their_originals_in_what_their_class_says() {
    planting::check_mutants(&BASE.1);
}

#[test]
fn a_scan_gives_the_same_bytes_at_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let top = write_tree(folder.path(), |_| {});
    assert!(scan_as_text(&top, "1") == scan_as_text(&top, "2"), "-j 1 and -j 2 differ");
}

#[test]
fn a_scan_gives_the_same_bytes_whatever_the_order_of_the_files_on_disk() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let before = scan_as_text(&write_tree(folder.path(), |_| {}), "2");
    let mut random = Random::from_environment();
    let check_order = |shuffle: &mut dyn FnMut(&mut Vec<PathBuf>)| {
        fs::remove_dir_all(folder.path().join("tree")).expect("it was written here");
        let top = write_tree(folder.path(), shuffle);
        assert!(before == scan_as_text(&top, "2"), "another order of the files, another output");
    };
    check_order(&mut |files| files.reverse());
    check_order(&mut |files| random.shuffle(files));
}

#[test]
fn a_scan_gives_the_same_bytes_after_a_touch_of_all_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let top = write_tree(folder.path(), |_| {});
    let before = scan_as_text(&top, "2");
    for file in files_below(&top) {
        let file = fs::File::options().append(true).open(file).expect("it was written here");
        let later = SystemTime::now() + Duration::from_secs(60);
        file.set_modified(later).expect("the owner may");
    }
    assert!(before == scan_as_text(&top, "2"), "touched files give another output");
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn base() -> (TempDir, Base) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let top = write_tree(folder.path(), |_| {});
    let mut originals = Vec::new();
    let mut background = Vec::new();
    let tree = planting::open(&top);
    let loops = drvdedup::syntax::LoopMacros::new(&tree.loop_macros);
    for path in files_below(&top) {
        let file = path.strip_prefix(&top).expect("it lies below").to_str().expect("UTF-8");
        if file.ends_with(".c") && !file.starts_with("drivers/case-") {
            let source = fs::read(&path).expect("it was written here");
            originals.extend(planting::originals(file, &source, &loops));
        }
        if file.contains('/') {
            background.push(file.to_owned());
        }
    }
    let base = Base::new(&top, originals, background);
    (folder, base)
}

/// Writes the fixtures as one tree, in an order that `shuffle` may change: a folder of
/// `drivers` for each case beside what stands in `fixtures/tree`. Returns its top.
fn write_tree(folder: &Path, shuffle: impl FnOnce(&mut Vec<PathBuf>)) -> PathBuf {
    let top = folder.join("tree");
    let mut files = files_below(&fixtures());
    shuffle(&mut files);
    for file in files {
        let path = file.strip_prefix(fixtures()).expect("it lies below");
        let mut parts = path.iter();
        let case = parts.next().expect("it has a name");
        let target = match parts.next() {
            _ if case == "tree" => top.join(path.strip_prefix("tree").expect("as said")),
            Some(part) if part == "before" && parts.next().is_some_and(|p| p == "drivers") => {
                let case = format!("drivers/case-{}", case.display());
                parts.fold(top.join(case), |path, part| path.join(part))
            }
            _ => continue,
        };
        fs::create_dir_all(target.parent().expect("it lies in a folder"))
            .and_then(|()| fs::copy(&file, &target))
            .unwrap_or_else(|error| panic!("{}: {error}", target.display()));
    }
    top
}

/// All files below `folder`, sorted.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let walk = ignore::WalkBuilder::new(folder).standard_filters(false).build();
    let entries = walk.map(|entry| entry.expect("the folder can be read"));
    let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let mut files: Vec<PathBuf> = files.map(ignore::DirEntry::into_path).collect();
    files.sort();
    files
}

/// What the program prints of a scan, without a cache of an earlier one.
fn scan_as_text(top: &Path, jobs: &str) -> Vec<u8> {
    let caches = tempfile::tempdir().expect("a temporary folder");
    let output = Command::new(env!("CARGO_BIN_EXE_drvdedup"))
        .args(["scan", "--format", "json", "-j", jobs])
        .current_dir(top)
        .env("XDG_CACHE_HOME", caches.path())
        .output()
        .expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(output.stdout.len() > 10_000, "nearly nothing was found: {errors}");
    output.stdout
}
