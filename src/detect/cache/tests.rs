//! A cache gives what a scan without it finds, whatever happens to its files.

use crate::detect::{Cache, Options, Placement, Scan, scan};
use crate::syntax::LoopMacros;
use crate::tree::{Drivers, KernelTree, stamped};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

struct Flat;

impl Placement for Flat {
    fn driver<'a>(&'a self, path: &'a str) -> &'a str {
        path
    }
    fn class<'a>(&'a self, _path: &'a str) -> &'a str {
        "net"
    }
    fn drivers_in_class(&self, _class: &str) -> usize {
        9
    }
}

/// Two files, and the cache of their folder.
struct Fixture {
    tree: TempDir,
    caches: TempDir,
}

fn function(name: &str, register: u32) -> String {
    let writes = format!("\ta_write(a, {register}, 1);\n\ta_wait(a);\n\ta_check(a->x, 2);\n");
    format!("static int {name}(struct a *a)\n{{\n{writes}{writes}\treturn a->x;\n}}\n")
}

impl Fixture {
    fn new() -> Fixture {
        let fixture =
            Fixture { tree: tempfile::tempdir().unwrap(), caches: tempfile::tempdir().unwrap() };
        fixture.write("a.c", &(function("f", 1) + &function("g", 2)));
        fixture.write("b.c", &function("h", 1));
        fixture
    }

    /// Writes a file as if some time ago.
    fn write(&self, name: &str, text: &str) {
        fs::write(self.tree.path().join(name), text).unwrap();
    }

    fn cache(&self) -> Cache {
        Cache::new(self.caches.path().join("drvdedup"), self.tree.path())
    }

    fn scan(&self, cache: Option<Cache>, focus: Option<&str>) -> Scan {
        let paths = ["a.c", "b.c"].map(str::to_owned);
        let (files, _) = stamped(self.tree.path(), &paths);
        let options = Options { cache, focus: focus.map(str::to_owned), ..Options::default() };
        scan(self.tree.path(), &files, &Flat, &LoopMacros::default(), &options, &|_| ())
    }

    /// Asserts that a scan with the cache gives what one without gives; its notes.
    #[track_caller]
    fn check(&self) -> Vec<String> {
        let cache = self.cache();
        for focus in [None, Some("b.c")] {
            let (with, without) = (self.scan(Some(cache.clone()), focus), self.scan(None, focus));
            assert_eq!(format!("{with:?}"), format!("{without:?}"), "{focus:?}");
            assert!(!with.groups.is_empty());
        }
        cache.writing.wait();
        cache.notes()
    }

    fn files(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(self.caches.path().join("drvdedup")).unwrap();
        let folders = folders.map(|folder| folder.unwrap().path());
        let mut files: Vec<PathBuf> = folders
            .flat_map(|folder| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()))
            .collect();
        files.sort();
        files
    }

    /// Makes all files of the tree old enough to be taken at their stamps.
    fn settle(&self) {
        std::thread::sleep(Duration::from_millis(3100));
    }
}

fn result(files: &[PathBuf]) -> Option<&Path> {
    let is_result =
        |path: &&PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("scan-");
    files.iter().find(is_result).map(PathBuf::as_path)
}

#[test]
fn a_second_scan_reads_what_the_first_kept() {
    let fixture = Fixture::new();
    assert_eq!(fixture.check(), [""; 0]);
    let kept = fixture.files();
    let path = result(&kept).expect("a result was kept");
    // A sealed file that says something else is believed: it was read.
    let cache = fixture.cache();
    let (head, tail) = super::results::encode(&Scan { files: 77, ..Scan::default() }, &[]).unwrap();
    super::sealed::write(path, cache.build, &head, &tail).unwrap();
    assert_eq!(fixture.scan(Some(cache), None).files, 77);
}

#[test]
fn a_file_that_changed_is_read_again_and_one_that_was_touched_gives_the_same() {
    let fixture = Fixture::new();
    fixture.check();
    fixture.write("b.c", &function("h", 3));
    fixture.check();
    fixture.write("b.c", &function("other", 1));
    fixture.check();
    let count = fixture.files().len();
    let later = SystemTime::now() + Duration::from_secs(60);
    File::options()
        .write(true)
        .open(fixture.tree.path().join("a.c"))
        .unwrap()
        .set_modified(later)
        .unwrap();
    fixture.check();
    assert_eq!(fixture.files().len(), count, "the content is the same, and so is the question");
}

/// A file of functions that a number chooses.
fn some_functions(number: usize) -> String {
    let write = |at: usize| match number >> (2 * at) & 3 {
        0 => function(&format!("f{at}"), number as u32),
        1 => function(&format!("g{at}"), 1) + &function("i", 2),
        2 => format!("/* drvdedup: keep (a reason) */\n{}", function(&format!("h{at}"), 7)),
        _ => function("k", 3).replace("\ta_wait(a);\n", "\ta_wait(a->y);\n\tb_wait(a);\n"),
    };
    (0..3).map(write).collect()
}

#[test]
fn after_any_change_of_a_file_the_groups_are_those_of_a_scan_without_a_cache() {
    let fixture = Fixture::new();
    let mut number = 1;
    for _ in 0..60 {
        number = (number * 1103515245 + 12345) & 0x7fff_ffff;
        fixture.write(["a.c", "b.c"][number >> 20 & 1], &some_functions(number >> 8));
        let cache = fixture.cache();
        let (with, without) = (fixture.scan(Some(cache), None), fixture.scan(None, None));
        assert_eq!(format!("{with:?}"), format!("{without:?}"), "{number}");
    }
}

#[test]
fn what_a_change_leaves_alone_is_not_compared_again() {
    let fixture = Fixture::new();
    let scanned = fixture.scan(Some(fixture.cache()), None);
    assert_eq!(scanned.groups.len(), 1);
    // A sealed result that says something else is believed where its list is the same.
    let files = fixture.files();
    let path = result(&files).expect("a result was kept");
    let super::sealed::Read::Sound(head, tail) = super::sealed::read(path, super::build()) else {
        panic!("it can be read")
    };
    let mut doctored = super::results::decode(&head, &tail, None).unwrap();
    doctored.groups.make_mut()[0].adds_nothing = true;
    let outcomes = super::results::Outcomes::decode(&head, &tail).unwrap().all();
    let (head, tail) = super::results::encode(&doctored, &outcomes).unwrap();
    super::sealed::write(path, super::build(), &head, &tail).unwrap();
    let unlike = "int z(void)\n{\n\treturn 0;\n}\n";
    fixture.write("b.c", &(function("h", 1) + unlike));
    assert!(fixture.scan(Some(fixture.cache()), None).groups[0].adds_nothing);
    fixture.write("b.c", &(unlike.to_owned() + &function("h", 1)));
    assert!(!fixture.scan(Some(fixture.cache()), None).groups[0].adds_nothing, "one has moved");
}

#[test]
fn a_file_that_keeps_its_size_and_time_but_changes_is_noticed() {
    let fixture = Fixture::new();
    fixture.settle();
    fixture.check();
    assert!(fixture.files().iter().any(|path| path.ends_with("stamps")));
    let path = fixture.tree.path().join("b.c");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    fixture.write("b.c", &function("h", 5));
    File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    fixture.check();
}

#[test]
fn damage_is_noticed_and_repaired_and_never_believed() {
    let fixture = Fixture::new();
    fixture.settle();
    fixture.check();
    for file in fixture.files() {
        let sound = fs::read(&file).unwrap();
        let flipped = |at: usize| {
            let mut flipped = sound.clone();
            flipped[at] ^= 1;
            flipped
        };
        let (middle, last) = (sound.len() / 2, sound.len() - 1);
        let cut = sound[..middle].to_vec();
        for damaged in [flipped(middle), flipped(35), cut, Vec::new(), b"x".repeat(100)] {
            fs::write(&file, damaged).unwrap();
            let notes = fixture.check();
            assert!(notes.iter().any(|note| note.contains("damaged")), "{file:?}: {notes:?}");
        }
        // The last byte is part of what only the next change needs.
        fs::write(&file, flipped(last)).unwrap();
        fixture.check();
        fixture.write("b.c", &(function("h", 1) + "\n"));
        fixture.check();
        fixture.write("b.c", &function("h", 1));
        fixture.settle();
        fixture.check();
        assert_eq!(fixture.check(), [""; 0], "{file:?} is repaired");
    }
}

#[test]
fn what_another_build_wrote_is_not_read() {
    let fixture = Fixture::new();
    fixture.check();
    let files = fixture.files();
    let (head, tail) = super::results::encode(&Scan { files: 77, ..Scan::default() }, &[]).unwrap();
    super::sealed::write(result(&files).unwrap(), 1, &head, &tail).unwrap();
    assert_eq!(fixture.check(), [""; 0]);
}

#[test]
fn a_cache_that_cannot_be_written_is_none() {
    let fixture = Fixture::new();
    fs::write(fixture.caches.path().join("drvdedup"), "a file").unwrap();
    let notes = fixture.check();
    assert!(notes.iter().all(|note| note.contains("nothing could be kept")), "{notes:?}");
    assert!(!notes.is_empty());
}

#[test]
fn few_results_are_kept_and_the_latest_among_them() {
    let fixture = Fixture::new();
    for register in 10..20 {
        fixture.write("b.c", &function("h", register));
        fixture.check();
    }
    let is_result =
        |path: &&PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("scan-");
    assert_eq!(fixture.files().iter().filter(is_result).count(), super::MOST_RESULTS);
}

#[test]
fn two_scans_at_once_do_not_disturb_each_other() {
    let fixture = Fixture::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(fixture.check(), [""; 0]));
        }
    });
}

#[test]
fn drivers_are_read_again_where_a_makefile_changed_or_what_was_kept_is_damaged() {
    let fixture = Fixture::new();
    fixture.write("Makefile", "obj-m += one.o\none-y := 1.o 2.o\n");
    fixture.settle();
    let (root, kernel) = (fs::canonicalize(fixture.tree.path()).unwrap(), None);
    let tree = KernelTree { root, kernel, loop_macros: Vec::new() };
    let files: Vec<String> = (0..super::FEW_FILES).map(|number| format!("{number}.c")).collect();
    let drivers = || {
        let cache = fixture.cache();
        let drivers = cache.drivers(&tree, &files);
        assert_eq!(format!("{drivers:?}"), format!("{:?}", Drivers::read(&tree, &files)));
        (drivers.driver_of("2.c").to_owned(), cache.notes().len())
    };
    assert_eq!(drivers(), ("one".to_owned(), 0));
    let kept = fixture.files().into_iter().find(|path| path.ends_with("drivers")).unwrap();
    let bytes = fs::read(&kept).unwrap();
    assert_eq!(drivers(), ("one".to_owned(), 0));
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&kept, damaged).unwrap();
    assert_eq!(drivers(), ("one".to_owned(), 1));
    assert_eq!(fs::read(&kept).unwrap(), bytes, "it was mended");
    fixture.write("Makefile", "obj-m += two.o\ntwo-y := 1.o 2.o\n");
    assert_eq!(drivers(), ("two".to_owned(), 0));
}
