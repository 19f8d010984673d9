//! What the Kbuild file of one folder builds, and with which include folders.

use super::looks::{Disk, Looks};
use super::makefile::{Assignment, Statement, statements};
use super::variables::Variables;
use crate::tree::path::{join, parent};
use crate::tree::{KernelTree, TreePath, Unreadable};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

/// Makefiles that one folder may include, and how deep; Linux 6.1 needs 56 and 3.
const MAX_INCLUDES: usize = 2_000;
const MAX_INCLUDE_DEPTH: usize = 16;

/// A folder with a Kbuild file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Folder {
    /// Where it is.
    pub path: TreePath,
    /// Name, as in the Kbuild file and with its folder, and C files of each module.
    pub modules: Vec<(String, Vec<TreePath>)>,
    /// Folders that Kbuild goes into from here.
    pub subfolders: Vec<TreePath>,
    /// The lists that name a C file's object, as the makefiles spell them: what it
    /// depends on whether the file is built.
    pub lists: FxHashMap<TreePath, Vec<String>>,
    /// Include folders for what is built here.
    pub includes: Vec<TreePath>,
    /// Include folders for what is built here and in the folders below.
    pub includes_below: Vec<TreePath>,
    /// Include folders for single C files.
    pub includes_of_file: FxHashMap<TreePath, Vec<TreePath>>,
    /// Makefiles that are there and cannot be read.
    pub unreadable: Vec<Unreadable>,
}

impl Folder {
    /// Reads the `Kbuild` of the folder at `path`, or else its `Makefile`; `None`
    /// where it has neither. `known` are files that need not be looked for on disk. Out,
    /// beside it: what was looked for.
    pub fn read(tree: &KernelTree, path: &str, known: &FxHashSet<&str>) -> (Option<Self>, Looks) {
        let mut reader = Reader {
            disk: Disk::new(&tree.root),
            variables: Variables::of_folder(path),
            includes: 0,
            folder: Self { path: path.to_owned(), ..Self::default() },
        };
        let found = ["Kbuild", "Makefile"]
            .iter()
            .any(|name| join(path, name).is_some_and(|makefile| reader.makefile(&makefile, 0)));
        if !found && reader.folder.unreadable.is_empty() {
            return (None, reader.disk.looks());
        }
        let (folder, looks) = reader.finish(known);
        (Some(folder), looks)
    }
}

struct Reader<'a> {
    disk: Disk<'a>,
    variables: Variables,
    includes: usize,
    folder: Folder,
}

impl Reader<'_> {
    /// Takes in a makefile; false where there is none.
    fn makefile(&mut self, path: &str, depth: usize) -> bool {
        self.includes += 1;
        if depth > MAX_INCLUDE_DEPTH || self.includes > MAX_INCLUDES {
            return false;
        }
        let text = match self.disk.makefile(path) {
            Ok(Some(text)) => text,
            Ok(None) => return false,
            Err(error) => {
                self.folder
                    .unreadable
                    .push(Unreadable { path: path.to_owned(), reason: error.to_string() });
                return false;
            }
        };
        for statement in statements(&text) {
            match statement {
                Statement::Assign(assignment) => {
                    self.note_lists(path, &assignment);
                    self.variables.assign(&assignment);
                }
                Statement::Include(words) => {
                    for word in self.variables.expand(&words).split_whitespace() {
                        if let Some(included) = join("", word) {
                            self.makefile(&included, depth + 1);
                        }
                    }
                }
            }
        }
        true
    }

    /// Notes which objects an assignment in the makefile at `path` puts into its list:
    /// seen from there, and from the folder that is read.
    fn note_lists(&mut self, path: &str, assignment: &Assignment) {
        let objects =
            assignment.value.split_whitespace().filter_map(|word| word.strip_suffix(".o"));
        let list = match assignment.condition.as_str() {
            "" => assignment.name.clone(),
            condition => format!("{} under {condition}", assignment.name),
        };
        for object in objects {
            let there = parent(path).and_then(|folder| join(folder, object));
            let here = join(&self.folder.path, object).filter(|here| Some(here) != there.as_ref());
            for file in [there, here].into_iter().flatten() {
                self.folder.lists.entry(file + ".c").or_default().push(list.clone());
            }
        }
    }

    fn finish(mut self, known: &FxHashSet<&str>) -> (Folder, Looks) {
        let goals = ["obj-y", "lib-y", "subdir-y"].map(|list| self.variables.value(list)).join(" ");
        let mut seen = FxHashSet::default();
        for word in goals.split_whitespace().filter(|word| seen.insert(*word)) {
            if let Some(stem) = word.strip_suffix(".o") {
                let files = self.sources(stem, known);
                if !files.is_empty() {
                    self.folder.modules.push((stem.to_owned(), files));
                }
            } else if let Some(subfolder) = join(&self.folder.path, word) {
                self.folder.subfolders.push(subfolder);
            }
        }
        self.folder.includes = self.include_folders(&["EXTRA_CFLAGS", "ccflags-y"]);
        self.folder.includes_below = self.include_folders(&["subdir-ccflags-y"]);
        self.folder.includes_of_file = self.includes_of_file();
        (self.folder, self.disk.looks())
    }

    /// The C files that are linked into the object `goal`, sorted. An object is made
    /// of the objects of its list; one that has no list is made from its C file.
    fn sources(&self, goal: &str, known: &FxHashSet<&str>) -> Vec<TreePath> {
        let mut sources = Vec::new();
        let mut seen = FxHashSet::default();
        let mut open = vec![goal.to_owned()];
        while let Some(stem) = open.pop() {
            let source = self.source(&stem, known);
            let lists = self.lists(&stem);
            let mut parts =
                lists.split_whitespace().filter_map(|part| part.strip_suffix(".o")).peekable();
            // A part with a C file of its own is that file, even where a module of
            // the same name is a list; so is a module that lists itself.
            let is_goal = seen.is_empty();
            if !is_goal && source.is_some() || parts.peek().is_none() {
                sources.extend(source);
            } else {
                for part in parts {
                    if part == stem {
                        sources.extend(source.clone());
                    } else if !seen.contains(part) {
                        open.push(part.to_owned());
                    }
                }
            }
            seen.insert(stem);
        }
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    /// The C file from which the object `stem` is made where it has no list.
    fn source(&self, stem: &str, known: &FxHashSet<&str>) -> Option<TreePath> {
        let mut source = join(&self.folder.path, stem)?;
        source.push_str(".c");
        let exists = known.contains(source.as_str()) || self.disk.is_file(&source);
        exists.then_some(source)
    }

    /// What is in the lists of the object `stem`; nothing where it has none.
    fn lists(&self, stem: &str) -> String {
        let mut lists = String::new();
        for list in ["-y", "-objs"] {
            let name = [stem, list].concat();
            if self.variables.has(&name) {
                lists += &self.variables.value(&name);
                lists.push(' ');
            }
        }
        lists
    }

    fn includes_of_file(&self) -> FxHashMap<TreePath, Vec<TreePath>> {
        let mut includes = FxHashMap::default();
        for name in self.variables.names("CFLAGS_") {
            let object = name.strip_prefix("CFLAGS_").and_then(|name| name.strip_suffix(".o"));
            let Some(file) =
                object.and_then(|object| join(&self.folder.path, &format!("{object}.c")))
            else {
                continue;
            };
            let folders = self.include_folders(&[name]);
            if !folders.is_empty() {
                includes.insert(file, folders);
            }
        }
        includes
    }

    /// The folders that exist of those given to the compiler with `-I` in the values
    /// of `variables`.
    fn include_folders(&self, variables: &[&str]) -> Vec<TreePath> {
        let flags: Vec<String> = variables.iter().map(|name| self.variables.value(name)).collect();
        let flags = flags.join(" ");
        let mut words = flags.split_whitespace();
        let mut folders: Vec<TreePath> = Vec::new();
        while let Some(word) = words.next() {
            let Some(folder) =
                ["-I", "-iquote", "-isystem"].iter().find_map(|flag| word.strip_prefix(flag))
            else {
                continue;
            };
            let folder = if folder.is_empty() { words.next().unwrap_or_default() } else { folder };
            let folder = join("", folder).filter(|folder| self.disk.is_folder(folder));
            folders.extend(folder.filter(|folder| !folders.contains(folder)));
        }
        folders
    }
}
