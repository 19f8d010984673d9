//! Which C files form which driver. In: the files of a walk. Out: [`Drivers`], read
//! from the Kbuild files of their folders and of the folders above. There is no
//! configuration, so every option is taken as set and every branch as taken; what a
//! Kbuild file names and the tree does not hold is dropped.

mod folder;
mod functions;
mod looks;
mod makefile;
mod marks;
mod variables;

use super::path::{ancestors, file_name, parent, stem};
use super::{KernelTree, TreePath, Unreadable};
use folder::Folder;
use looks::Looks;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;
use xxhash_rust::xxh3::Xxh3;

/// One driver: what Kbuild links into one module, or would if it were one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Module {
    /// Its name, as the Kbuild file spells it (`snd-hda-intel`).
    pub name: String,
    /// The folder whose Kbuild file names it.
    pub folder: TreePath,
    /// Its C files that exist, sorted; also those that were not walked.
    pub files: Vec<TreePath>,
    /// For each file the ways in which it gets into the module: the conditions that all
    /// hold then, as the Kbuild files spell them, sorted. No way where they are too
    /// entangled to say.
    pub ways: Vec<Vec<Vec<String>>>,
    /// The one option on which alone it depends whether the module is built: `X` in
    /// `obj-$(CONFIG_X)`.
    pub option: Option<String>,
}

impl Module {
    /// Whether the module has `file` whenever it has `other`, whatever the configuration;
    /// always, where there is no other.
    pub fn has_always(&self, file: &str, other: Option<&str>) -> bool {
        let ways = |path: &str| {
            let at = self.files.iter().position(|it| it == path);
            at.and_then(|at| self.ways.get(at)).map_or(&[][..], Vec::as_slice)
        };
        let here = ways(file);
        let with = |conditions: &[String]| {
            here.iter().any(|way| way.iter().all(|condition| conditions.contains(condition)))
        };
        match other.map(ways) {
            None => with(&[]),
            Some(there) => !there.is_empty() && there.iter().all(|way| with(way)),
        }
    }
}

/// The drivers of a tree, as far as its Kbuild files were read.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Drivers {
    modules: Vec<Module>,
    /// For each file the indices of its modules, increasing.
    by_file: FxHashMap<TreePath, Vec<usize>>,
    folders: BTreeMap<TreePath, Folder>,
    /// A hash of the files of the walk.
    files: u128,
    looks: Looks,
    /// Whether all that was read had come to rest.
    settled: bool,
}

impl Drivers {
    /// Reads the Kbuild files that say something about `files`: paths from the top.
    pub fn read(tree: &KernelTree, files: &[impl AsRef<str> + Sync]) -> Self {
        let now = SystemTime::now();
        let mut drivers = Self { files: hash(files), ..Self::default() };
        let files: Vec<&str> = files.iter().map(AsRef::as_ref).collect();
        let known: FxHashSet<&str> = files.iter().copied().collect();
        let mut tried = BTreeSet::new();
        let above: FxHashSet<&str> = files.iter().flat_map(|file| ancestors(file)).collect();
        let mut wanted: BTreeSet<TreePath> = above.into_iter().map(str::to_owned).collect();
        while !wanted.is_empty() {
            let read = wanted.par_iter().map(|path| Folder::read(tree, path, &known));
            let read: Vec<(Option<Folder>, Looks)> = read.collect();
            for (folder, looks) in read {
                drivers.looks.append(looks);
                drivers.folders.extend(folder.map(|folder| (folder.path.clone(), folder)));
            }
            tried.append(&mut wanted);
            wanted = drivers.neighbours(&files);
            wanted.retain(|path| !tried.contains(path));
        }
        drivers.index();
        drivers.looks.sort();
        drivers.settled = drivers.looks.settled_at(now);
        drivers
    }

    /// Whether [`Drivers::hold`] can tell later that nothing has changed.
    pub fn may_be_kept(&self) -> bool {
        self.settled && self.unreadable().is_empty()
    }

    /// Whether to read them again would give the same.
    pub fn hold(&self, tree: &KernelTree, files: &[impl AsRef<str> + Sync]) -> bool {
        self.files == hash(files) && self.looks.hold(&tree.root)
    }

    /// All modules, by name and folder.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The names of the modules that a file is linked into, sorted. Empty for a file
    /// that no Kbuild file names: one that another file includes, a host program.
    pub fn modules_of(&self, path: &str) -> Vec<&str> {
        let mut names: Vec<&str> = self.owners(path).map(|module| module.name.as_str()).collect();
        names.dedup();
        names
    }

    /// The modules that a file is linked into, sorted.
    fn owners(&self, path: &str) -> impl Iterator<Item = &Module> {
        let owners = self.by_file.get(path).into_iter().flatten();
        owners.filter_map(|module| self.modules.get(*module))
    }

    /// The folders whose Kbuild files name a file, sorted, each once.
    pub fn folders_of(&self, path: &str) -> Vec<&str> {
        let folders: BTreeSet<&str> =
            self.owners(path).map(|module| module.folder.as_str()).collect();
        folders.into_iter().collect()
    }

    /// The driver that a file belongs to: its module, the first by name where it has
    /// several, or the name of the file without its suffix where it has none.
    pub fn driver_of<'a>(&'a self, path: &'a str) -> &'a str {
        match self.by_file.get(path).and_then(|owners| self.modules.get(*owners.first()?)) {
            Some(module) => &module.name,
            None => stem(path),
        }
    }

    /// Whether two files belong to one driver. Drivers of the same name in different
    /// folders are different ones, and so are files of no module.
    pub fn in_one_driver(&self, a: &str, b: &str) -> bool {
        let owners = |path| self.by_file.get(path).map_or(&[][..], Vec::as_slice);
        a == b || owners(a).iter().any(|module| owners(b).contains(module))
    }

    /// The modules that a file is linked into, each with its files.
    pub fn modules_with<'a>(&'a self, path: &str) -> impl Iterator<Item = &'a Module> + use<'a> {
        let owners = self.by_file.get(path).map_or(&[][..], Vec::as_slice);
        owners.iter().filter_map(|module| self.modules.get(*module))
    }

    /// Whether every module that has the file `other` is sure to have `file`, too,
    /// whatever the configuration.
    pub fn builds_with(&self, file: &str, other: &str) -> bool {
        let mut modules = self.modules_with(other).peekable();
        modules.peek().is_some() && modules.all(|module| module.has_always(file, Some(other)))
    }

    /// The one module that a file is linked into, if that has the file whatever the
    /// configuration.
    pub fn always_in(&self, file: &str) -> Option<&Module> {
        let mut modules = self.modules_with(file);
        let module = modules.next().filter(|_| modules.next().is_none())?;
        // A module of one file is that file.
        let alone = module.files.len() == 1;
        (alone || module.has_always(file, None)).then_some(module)
    }

    /// The files of the modules of that name, sorted.
    pub fn files_of(&self, module: &str) -> Vec<&str> {
        let named = self.modules.iter().filter(|it| it.name == module);
        let files: BTreeSet<&str> = named.flat_map(|it| &it.files).map(String::as_str).collect();
        files.into_iter().collect()
    }

    /// The folders of the tree in which the compiler looks for the headers of that
    /// file, in its order: those that the Kbuild files add with `-I`, not the file's
    /// own folder and not the kernel's common ones. Only folders that exist.
    pub fn include_dirs(&self, path: &str) -> Vec<TreePath> {
        let mut dirs: Vec<TreePath> = Vec::new();
        let mut seen = FxHashSet::default();
        for builder in self.builders(path) {
            let mut above: Vec<&Folder> =
                ancestors(builder).filter_map(|it| self.folders.get(it)).collect();
            above.reverse();
            let here = self.folders.get(builder);
            let below = above.into_iter().chain(here).flat_map(|folder| &folder.includes_below);
            let own = here.into_iter().flat_map(|folder| &folder.includes);
            let of_file =
                here.and_then(|folder| folder.includes_of_file.get(path)).into_iter().flatten();
            dirs.extend(below.chain(own).chain(of_file).filter(|dir| seen.insert(*dir)).cloned());
        }
        dirs
    }

    /// Kbuild files that are there and could not be read, sorted.
    pub fn unreadable(&self) -> Vec<&Unreadable> {
        let mut unreadable: Vec<_> =
            self.folders.values().flat_map(|folder| &folder.unreadable).collect();
        unreadable.sort_unstable();
        unreadable.dedup();
        unreadable
    }

    /// The folders whose Kbuild files build a file; the nearest that has one where
    /// none names it.
    fn builders<'a>(&'a self, path: &'a str) -> BTreeSet<&'a str> {
        let mut builders: BTreeSet<&str> =
            self.owners(path).map(|module| module.folder.as_str()).collect();
        if builders.is_empty() {
            builders.extend(ancestors(path).find(|folder| self.folders.contains_key(*folder)));
        }
        builders
    }

    /// Folders that may build those of `files` that no folder read so far does:
    /// Kbuild goes into them, and they lie beside the file.
    fn neighbours(&self, files: &[&str]) -> BTreeSet<TreePath> {
        let claimed: FxHashSet<&str> = self
            .folders
            .values()
            .flat_map(|it| &it.modules)
            .flat_map(|(_, files)| files)
            .map(|(file, _)| file.as_str())
            .collect();
        let unclaimed = files.iter().copied().filter(|path| !claimed.contains(path));
        let quarters: BTreeSet<&str> = unclaimed.filter_map(|path| self.quarter(path)).collect();
        let subfolders = self.folders.values().flat_map(|folder| &folder.subfolders);
        let beside = |folder: &&TreePath| ancestors(folder).any(|above| quarters.contains(above));
        subfolders.filter(beside).cloned().collect()
    }

    /// The part of the tree around `path` that one Kbuild file looks after: the
    /// highest folder above it and below one from which Kbuild goes on.
    fn quarter<'a>(&self, path: &'a str) -> Option<&'a str> {
        let mut below = parent(path)?;
        for folder in ancestors(below) {
            if self.folders.get(folder).is_some_and(|it| !it.subfolders.is_empty()) {
                return Some(below);
            }
            below = folder;
        }
        None
    }

    fn index(&mut self) {
        for folder in self.folders.values_mut() {
            self.modules.extend(std::mem::take(&mut folder.modules).into_iter().map(
                |(name, files)| {
                    let option = folder.options.get(&name).cloned();
                    let (files, ways) = files.into_iter().unzip();
                    let name = file_name(&name).to_owned();
                    Module { name, folder: folder.path.clone(), files, ways, option }
                },
            ));
        }
        self.modules.sort_unstable();
        for (at, module) in self.modules.iter().enumerate() {
            for file in &module.files {
                self.by_file.entry(file.clone()).or_default().push(at);
            }
        }
    }
}

fn hash(files: &[impl AsRef<str>]) -> u128 {
    let mut hasher = Xxh3::new();
    for file in files {
        hasher.update(file.as_ref().as_bytes());
        hasher.update(&[0]);
    }
    hasher.digest128()
}

#[cfg(test)]
mod tests;
