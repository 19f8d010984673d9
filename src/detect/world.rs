//! All functions of a scan side by side: their facts, where they belong, and their
//! texts on demand.

use super::facts::{FileFacts, FunctionFacts};
use super::group::Candidate;
use super::level::Placement;
use crate::syntax::Function;
use crate::tree::{SourceFile, TreePath, serves};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// A function: the number of its file, and its number there.
pub type Id = (u32, u32);

/// A file with its facts.
pub struct Entry<'a> {
    /// The file.
    pub file: &'a SourceFile,
    /// What is known of it.
    pub facts: FileFacts,
    /// It is a part of the kernel that drivers use, and was not asked for.
    pub offered: bool,
    /// Its functions are not compared.
    pub left_out: Option<LeftOut>,
    /// Module that it belongs to.
    pub driver: String,
    /// Class of its folder.
    pub class: String,
    /// Numbers of both, equal for equal names.
    pub place: (u32, u32),
    /// Equal for equal paths that belong to the same driver, class and part.
    identity: u64,
}

/// Why the functions of a file are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LeftOut {
    /// It says that a program wrote it.
    Generated,
    /// Another file includes it: its functions are that file's.
    Included,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            LeftOut::Generated => "left out: it says that a program wrote it",
            LeftOut::Included => "left out: another file includes it",
        })
    }
}

/// See the module.
pub struct World<'a> {
    root: &'a Path,
    /// In the order of their paths; offered files behind the others.
    pub entries: Vec<Entry<'a>>,
    /// Which functions are in a group already, file by file.
    taken: Vec<Vec<bool>>,
}

impl<'a> World<'a> {
    /// Puts the files together. `offered` tells which only serve the others.
    pub fn new(
        root: &'a Path,
        read: Vec<(&'a SourceFile, FileFacts, bool)>,
        placement: &(dyn Placement + Sync),
    ) -> World<'a> {
        let mut numbers: FxHashMap<String, u32> = FxHashMap::default();
        let mut number = |name: &str| match numbers.get(name) {
            Some(known) => *known,
            None => {
                let next = numbers.len() as u32;
                numbers.insert(name.to_owned(), next);
                next
            }
        };
        let included = included(&read);
        let place = |(file, _, offered): &(&SourceFile, FileFacts, bool)| {
            let (driver, class) = (placement.driver(&file.path), placement.class(&file.path));
            let drivers = placement.drivers_in_class(class);
            let identity = format!("{}\0{driver}\0{class}\0{drivers}\0{offered}", file.path);
            // A driver is told from one of the same name in another class.
            let full_name = format!("{class}\0{driver}");
            (driver.to_owned(), class.to_owned(), full_name, xxh3_64(identity.as_bytes()))
        };
        let places: Vec<(String, String, String, u64)> = read.par_iter().map(place).collect();
        let entries: Vec<Entry> = read
            .into_iter()
            .zip(places)
            .map(|((file, facts, offered), (driver, class, full_name, identity))| {
                let left_out = match () {
                    () if included.contains(&file.path) => Some(LeftOut::Included),
                    () if facts.generated => Some(LeftOut::Generated),
                    () => None,
                };
                let place = (number(&class), number(&full_name));
                Entry { file, facts, offered, left_out, driver, class, place, identity }
            })
            .collect();
        let taken = entries.iter().map(|entry| vec![false; entry.facts.functions.len()]).collect();
        World { root, entries, taken }
    }

    /// What is known of a function.
    pub fn facts(&self, id: Id) -> &FunctionFacts {
        &self.entries[id.0 as usize].facts.functions[id.1 as usize]
    }

    /// Adds to `bytes` what tells the function from every other, in this scan and in
    /// later ones: its text, its place, and where its file belongs.
    pub fn identify(&self, id: Id, bytes: &mut Vec<u8>) {
        let facts = self.facts(id);
        let function = &facts.function;
        let Function { macro_defined, disabled, unbalanced, .. } = *function;
        let flags = [macro_defined, disabled, unbalanced, self.exports(id)];
        bytes.extend(self.entry(id).identity.to_le_bytes());
        bytes.extend(facts.text.to_le_bytes());
        for place in [
            function.name.start,
            function.start,
            function.body,
            function.end,
            function.start_line,
            function.end_line,
            facts.ordinal,
        ] {
            bytes.extend(place.to_le_bytes());
        }
        bytes.extend(flags.map(u8::from));
    }

    /// The file of a function.
    pub fn entry(&self, id: Id) -> &Entry<'a> {
        &self.entries[id.0 as usize]
    }

    /// The functions that may be compared, in the order of file and place: what was
    /// asked for and is in no group yet.
    pub fn free(&self) -> impl ParallelIterator<Item = Id> + '_ {
        self.all(false).filter(|id| !self.taken[id.0 as usize][id.1 as usize])
    }

    /// The functions of the kernel that drivers may use: those of headers, and what
    /// is exported, of the cores of classes as well.
    pub fn offered(&self) -> impl ParallelIterator<Item = Id> + '_ {
        let kernels = self.all(true);
        let kernels =
            kernels.filter(|id| self.entry(*id).file.path.ends_with(".h") || self.exports(*id));
        let is_core = |id: &Id| serves(&self.entry(*id).file.path).is_some();
        kernels.chain(self.free().filter(move |id| self.exports(*id) && is_core(id)))
    }

    fn exports(&self, id: Id) -> bool {
        self.entry(id).facts.exports.binary_search(&self.facts(id).name).is_ok()
    }

    fn all(&self, offered: bool) -> impl ParallelIterator<Item = Id> + '_ {
        let files = self.entries.par_iter().enumerate();
        files
            .filter(move |(_, entry)| entry.offered == offered && entry.left_out.is_none())
            .flat_map_iter(|(at, entry)| {
                let functions = entry.facts.functions.iter().enumerate();
                let compared =
                    functions.filter(|(_, f)| !f.function.disabled && !f.function.unbalanced);
                compared.map(move |(n, _)| (at as u32, n as u32))
            })
    }

    /// Takes functions out of what is [`free`](World::free).
    pub fn take(&mut self, ids: impl IntoIterator<Item = Id>) {
        for (file, function) in ids {
            self.taken[file as usize][function as usize] = true;
        }
    }

    /// The functions with their texts, list by list. A file that cannot be read any
    /// more, or is too short now, is reported and its functions are left out.
    pub fn load(
        &self,
        lists: &[&[Id]],
        unreadable: &mut Vec<(TreePath, String)>,
    ) -> Vec<Vec<Candidate>> {
        let mut places: Vec<(Id, usize)> = Vec::new();
        for (list, ids) in lists.iter().enumerate() {
            places.extend(ids.iter().map(|&id| (id, list)));
        }
        places.sort_unstable();
        let by_file: Vec<&[(Id, usize)]> = places.chunk_by(|a, b| a.0.0 == b.0.0).collect();
        let read: Vec<std::io::Result<Vec<Candidate>>> =
            by_file.par_iter().map(|members| self.load_file(members)).collect();
        let mut out: Vec<Vec<Candidate>> = lists.iter().map(|_| Vec::new()).collect();
        for (members, read) in by_file.iter().zip(read) {
            match read {
                Ok(candidates) => {
                    for (&(_, list), candidate) in members.iter().zip(candidates) {
                        out[list].push(candidate);
                    }
                }
                Err(error) => {
                    let path = self.entry(members[0].0).file.path.clone();
                    let changed = error.kind() == std::io::ErrorKind::UnexpectedEof;
                    let reason = match changed {
                        true => "the file changed while it was read: scan again".to_owned(),
                        false => error.to_string(),
                    };
                    unreadable.push((path, reason));
                }
            }
        }
        out
    }

    fn load_file(&self, members: &[(Id, usize)]) -> std::io::Result<Vec<Candidate>> {
        let entry = self.entry(members[0].0);
        let file = File::open(self.root.join(&entry.file.path))?;
        let candidate = |&(id, _): &(Id, usize)| {
            let FunctionFacts { function, ordinal, .. } = self.facts(id);
            let range = function.range();
            let mut text = vec![0; range.len()];
            file.read_exact_at(&mut text, range.start as u64)?;
            Ok(Candidate {
                id,
                file: entry.file.path.clone(),
                driver: entry.driver.clone(),
                class: entry.class.clone(),
                function: function.clone(),
                ordinal: *ordinal,
                text,
            })
        };
        members.iter().map(candidate).collect()
    }
}

/// The source files below `root` that one of `files` includes (`#include "other.c"`):
/// what is `static` in them is not theirs alone.
pub fn included_sources(root: &Path, files: &[SourceFile]) -> FxHashSet<TreePath> {
    let of_file = |file: &SourceFile| {
        let source = crate::tree::read_source(&root.join(&file.path)).unwrap_or_default();
        resolved(&file.path, &super::facts::included(&source))
    };
    files.par_iter().flat_map_iter(of_file).collect()
}

fn resolved(path: &str, includes: &[String]) -> Vec<TreePath> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    includes.iter().filter_map(|name| crate::tree::joined(folder, name)).collect()
}

/// The files that some other one includes.
fn included(read: &[(&SourceFile, FileFacts, bool)]) -> FxHashSet<TreePath> {
    let mut found = FxHashSet::default();
    for (file, facts, _) in read {
        found.extend(resolved(&file.path, &facts.includes));
    }
    found
}
