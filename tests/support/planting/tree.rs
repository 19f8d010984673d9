//! The trees that mutants are planted in.

use super::{Original, Place, Planted, index};
use crate::mutate::{Mutant, Random, Subject};
use drvdedup::detect::{self, CloneGroup, Options, Placement};
use drvdedup::syntax::{LoopMacros, split};
use drvdedup::tree::{Drivers, KernelTree, SourceFile, TreePath, class_of};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
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
}

impl Base {
    /// `originals` of the tree at `root`. In the planted trees stand their files, whole,
    /// and those of `background`.
    pub fn new(root: &Path, originals: Vec<Original>, background: Vec<TreePath>) -> Base {
        let tree = open(root);
        let loops = LoopMacros::new(&tree.loop_macros);
        let of_originals = originals.iter().map(|original| &original.place.0);
        let files: BTreeSet<&TreePath> = background.iter().chain(of_originals).collect();
        let paths: Vec<PathBuf> = files.into_iter().map(|file| tree.root.join(file)).collect();
        let groups = scan_files(&tree, &tree.walk(&paths, &[]).expect("they exist").files);
        let group_of = index(&groups).into_iter().map(|(place, in_groups)| (place, in_groups[0]));
        Base { group_of: group_of.collect(), loops, originals, background, tree }
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

    fn read(&self, path: &str) -> Vec<u8> {
        self.tree.read(path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

/// The functions of `source` that can be mutated.
pub fn originals(file: &str, source: &[u8], loops: &LoopMacros) -> Vec<Original> {
    let (functions, _) = split::functions(source);
    let original = |function: &drvdedup::syntax::Function| {
        let subject = Subject::new(source.get(function.range())?, loops)?;
        // Under `#if 0` it stands for the file, not for itself.
        let place = (file.to_owned(), function.start_line);
        (!function.disabled).then_some(Original { place, subject })
    };
    functions.iter().filter_map(original).collect()
}

/// The kernel tree at `root`.
pub fn open(root: &Path) -> KernelTree {
    KernelTree::discover(root, Some(root)).unwrap_or_else(|error| panic!("{error}"))
}

/// The groups of all of the tree at `root`, with the default thresholds.
pub fn scan(root: &Path) -> Vec<CloneGroup> {
    let tree = open(root);
    scan_files(&tree, &tree.walk(&[], &[]).expect("the tree can be walked").files)
}

fn scan_files(tree: &KernelTree, files: &[SourceFile]) -> Vec<CloneGroup> {
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
            let driver = drivers.driver_of(&file.path);
            by_class.entry(class_of(&file.path)).or_default().insert(driver);
        }
        Placing { drivers, by_class }
    }
}

impl Placement for Placing {
    fn driver(&self, path: &str) -> String {
        self.drivers.driver_of(path)
    }

    fn class(&self, path: &str) -> String {
        class_of(path)
    }

    fn drivers_in_class(&self, class: &str) -> usize {
        self.by_class.get(class).map_or(0, BTreeSet::len)
    }
}
