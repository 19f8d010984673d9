//! The trees that mutants are planted in.

use super::{Original, Place, Planted, index};
use crate::mutate::{Mutant, Random, Subject};
use drvdedup::detect::{self, Groups, Kind, Member, Options, Placement};
use drvdedup::syntax::{LoopMacros, split};
use drvdedup::tree::{Drivers, KernelTree, SourceFile, TreePath, class_of};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::Path;
use tempfile::TempDir;

/// Functions to be mutated, and the tree that they stand in.
pub struct Base {
    tree: KernelTree,
    pub loops: LoopMacros,
    pub originals: Vec<Original>,
    /// The functions that are duplicates of each other without any mutant.
    pub group_of: BTreeMap<Place, usize>,
    /// What stands in a planted tree beside the files of the originals.
    background: Vec<TreePath>,
    /// Functions that are cut out of the files: what has a duplicate already is in a
    /// group with it, and no function is in two, so a mutant could not be found.
    cut: BTreeMap<TreePath, Vec<Range<usize>>>,
}

impl Base {
    /// `originals` of the tree at `root`. In the planted trees stand their files and
    /// those of `background`, of functions that are the same the first alone.
    pub fn new(root: &Path, originals: Vec<Original>, background: Vec<TreePath>) -> Base {
        let tree = open(root);
        let loops = LoopMacros::new(&tree.loop_macros);
        let cut = BTreeMap::new();
        let mut base = Base { tree, loops, originals, group_of: BTreeMap::new(), background, cut };
        // Without the one, another may be the nearest duplicate.
        loop {
            let groups = base.scan_itself();
            let whole = groups.iter().filter(|group| group.kind != Kind::Sequence);
            let twins: Vec<&Member> = whole.flat_map(|group| &group.members[1..]).collect();
            if twins.is_empty() {
                break;
            }
            for twin in twins {
                let place = (twin.file.clone(), twin.function.start_line);
                base.originals.retain(|original| original.place != place);
                base.cut.entry(twin.file.clone()).or_default().push(twin.function.range());
            }
        }
        let groups = index(&base.scan_itself());
        base.group_of = groups.into_iter().map(|(place, of)| (place, of[0])).collect();
        base
    }

    /// The groups of the base without any mutant.
    fn scan_itself(&self) -> Groups {
        let copy = tempfile::tempdir().expect("a temporary folder");
        let files: BTreeSet<&TreePath> =
            self.background.iter().chain(self.originals.iter().map(|it| &it.place.0)).collect();
        for name in ["Makefile", "Kconfig", ".clang-format"] {
            write(copy.path(), name, &self.read(name));
        }
        for file in files {
            write(copy.path(), file, &self.read(file));
        }
        scan(copy.path())
    }

    /// A tree with `mutants` beside their originals, in a file for each file: of the
    /// same driver, of another one of its class, or in no Makefile, as `random` says.
    pub fn plant<'o>(
        &self,
        mutants: Vec<(&'o Original, Mutant)>,
        random: &mut Random,
    ) -> (TempDir, Vec<Planted<'o>>) {
        let planted_tree = tempfile::tempdir().expect("a temporary folder");
        let top = planted_tree.path();
        for name in ["Makefile", "Kconfig", ".clang-format"] {
            write(top, name, &self.read(name));
        }
        let mut by_file: BTreeMap<&TreePath, Vec<(&Original, Mutant)>> = BTreeMap::new();
        for (original, mutant) in mutants {
            by_file.entry(&original.place.0).or_default().push((original, mutant));
        }
        for file in self.background.iter().chain(by_file.keys().copied()) {
            write(top, file, &self.read(file));
        }
        let mut planted = Vec::new();
        for (file, mutants) in by_file {
            let stem = file.strip_suffix(".c").expect("the walk gives C files");
            let (folder, stem) = stem.rsplit_once('/').expect("no C file stands at the top");
            let path = format!("{folder}/{stem}-mutant.c");
            let mut text = b"#include <linux/module.h>\n".to_vec();
            for (original, mutant) in mutants {
                text.extend_from_slice(b"\n/* A function. */\n");
                let line = 1 + text.iter().filter(|&&byte| byte == b'\n').count() as u32;
                text.extend_from_slice(&mutant.text);
                text.push(b'\n');
                planted.push(Planted { original, mutant, place: (path.clone(), line) });
            }
            write(top, &path, &text);
            // Of several modules of one file the first by name is its driver, so the
            // pair is one whatever the Makefile says of the original.
            let rules = match random.below(3) {
                0 => format!("obj-m += 0-{stem}.o\n0-{stem}-y := {stem}.o {stem}-mutant.o\n"),
                1 => format!("obj-m += {stem}-mutant.o\n"),
                _ => continue,
            };
            let makefile = format!("{folder}/Makefile");
            let before = fs::read(top.join(&makefile)).unwrap_or_default();
            write(top, &makefile, &[before.as_slice(), b"\n", rules.as_bytes()].concat());
        }
        (planted_tree, planted)
    }

    /// A file of the tree. What is cut out leaves blanks, so that places stay.
    fn read(&self, path: &str) -> Vec<u8> {
        let mut text = self.tree.read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        for range in self.cut.get(path).into_iter().flatten() {
            for byte in &mut text[range.clone()] {
                *byte = if *byte == b'\n' { b'\n' } else { b' ' };
            }
        }
        text
    }
}

/// The functions of `source` that can be mutated.
pub fn originals(file: &str, source: &[u8], loops: &LoopMacros) -> Vec<Original> {
    let (functions, _) = split::functions(source);
    let original = |function: &drvdedup::syntax::Function| {
        let subject = Subject::new(source.get(function.range())?, loops)?;
        // Under `#if 0` it stands for the file, not for itself.
        let place = (file.to_owned(), function.start_line);
        let exported = exports(source, subject.name());
        (!function.disabled).then_some(Original { place, exported, subject })
    };
    functions.iter().filter_map(original).collect()
}

/// Whether a line of `source` exports the function `name`.
fn exports(source: &[u8], name: &[u8]) -> bool {
    source.split(|&byte| byte == b'\n').any(|line| {
        let Some(rest) = line.strip_prefix(b"EXPORT_SYMBOL") else { return false };
        let mut words = rest.split(|&byte| !(byte.is_ascii_alphanumeric() || byte == b'_'));
        words.nth(1) == Some(name)
    })
}

/// The kernel tree at `root`.
pub fn open(root: &Path) -> KernelTree {
    KernelTree::discover(root, Some(root)).unwrap_or_else(|error| panic!("{error}"))
}

/// The groups of all of the tree at `root`, with the default thresholds.
pub fn scan(root: &Path) -> Groups {
    let tree = open(root);
    scan_files(&tree, &tree.walk(&[], &[]).expect("the tree can be walked").files)
}

fn scan_files(tree: &KernelTree, files: &[SourceFile]) -> Groups {
    let placing = Placing::new(Drivers::read(tree, files), files);
    let loops = LoopMacros::new(&tree.loop_macros);
    detect::scan(&tree.root, files, &placing, &loops, &Options::default(), &|_| {}).groups
}

/// Writes a file below `root`, with the folders above it.
fn write(root: &Path, path: &str, text: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("it lies in a folder"))
        .and_then(|()| fs::write(&path, text))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Drivers and classes as `detect` asks for them.
struct Placing {
    drivers: Drivers,
    by_class: BTreeMap<String, BTreeSet<String>>,
}

impl Placing {
    fn new(drivers: Drivers, files: &[SourceFile]) -> Placing {
        let mut by_class: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for file in files {
            let driver = drivers.driver_of(&file.path).to_owned();
            by_class.entry(class_of(&file.path).to_owned()).or_default().insert(driver);
        }
        Placing { drivers, by_class }
    }
}

impl Placement for Placing {
    fn driver<'a>(&'a self, path: &'a str) -> &'a str {
        self.drivers.driver_of(path)
    }

    fn class<'a>(&'a self, path: &'a str) -> &'a str {
        class_of(path)
    }

    fn drivers_in_class(&self, class: &str) -> usize {
        self.by_class.get(class).map_or(0, BTreeSet::len)
    }
}
