//! What the Kbuild file of one folder builds, and with which include folders.

use super::looks::{Disk, Looks};
use super::makefile::{Assignment, Include, Statement, statements};
use super::marks::Marks;
use super::variables::Variables;
use crate::tree::path::join;
use crate::tree::{KernelTree, TreePath, Unreadable};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Makefiles that one folder may include, and how deep; Linux 6.1 needs 56 and 3.
const MAX_INCLUDES: usize = 2_000;
const MAX_INCLUDE_DEPTH: usize = 16;

/// Ways in which a file gets into a module, and the conditions that all hold in each.
pub(super) type Alternatives = Vec<Vec<String>>;

/// Ways into its module that are looked at for one file.
const MOST_WAYS: usize = 16;

/// Parts of one module that are looked at: each once for each way into it.
const MOST_PARTS: usize = 50_000;

/// A folder with a Kbuild file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Folder {
    /// Where it is.
    pub path: TreePath,
    /// Name, as in the Kbuild file and with its folder, and C files of each module, each
    /// with what it depends on that it is built.
    pub modules: Vec<(String, Vec<(TreePath, Alternatives)>)>,
    /// The one option of each module that depends on one alone, by the module's name.
    pub options: FxHashMap<String, String>,
    /// Folders that Kbuild goes into from here.
    pub subfolders: Vec<TreePath>,
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
            marked: Variables::of_folder(path),
            marks: Marks::default(),
            above: Vec::new(),
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
    /// The same, but each word of a value bears marks for what it depends on.
    marked: Variables,
    marks: Marks,
    /// Marks for what the makefiles that are being read depend on.
    above: Vec<String>,
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
                Statement::Assign(assignment) => self.assign(assignment),
                Statement::Include(include) => self.include(&include, depth + 1),
            }
        }
        true
    }

    fn assign(&mut self, assignment: Assignment) {
        self.variables.assign(&assignment);
        let of_name = condition_of(&assignment.name).map(str::to_owned);
        let conditions = assignment.conditions.iter().cloned().chain(of_name);
        let own: String = conditions.map(|condition| self.marks.of(&condition)).collect();
        let marks = self.above.concat() + &own;
        let value = match marks.as_str() {
            "" => assignment.value,
            // What make does with each word, whenever it expands the value.
            marks => format!("$(addsuffix {marks},{})", assignment.value),
        };
        self.marked.assign(&Assignment { value, ..assignment });
    }

    fn include(&mut self, include: &Include, depth: usize) {
        let marked = self.marked.expand(&include.words);
        let marked: BTreeMap<String, String> =
            marked.split_whitespace().map(Marks::split).collect();
        let conditions = include.conditions.iter();
        let own: String = conditions.map(|condition| self.marks.of(condition)).collect();
        for word in self.variables.expand(&include.words).split_whitespace() {
            let Some(included) = join("", word) else { continue };
            // What is not known to be included under something else is under itself.
            let unknown = || format!("include {word}");
            let marks = match marked.get(word) {
                Some(marks) => marks.clone(),
                None => self.marks.of(&unknown()),
            };
            self.above.push(marks + &own);
            self.makefile(&included, depth);
            self.above.pop();
        }
    }

    fn finish(mut self, known: &FxHashSet<&str>) -> (Folder, Looks) {
        let goals = ["obj-y", "lib-y", "subdir-y"].map(|list| self.variables.value(list)).join(" ");
        let mut seen = FxHashSet::default();
        for word in goals.split_whitespace().filter(|word| seen.insert(*word)) {
            if let Some(stem) = word.strip_suffix(".o") {
                let files = self.sources(stem, known);
                if !files.is_empty() {
                    let mut ways = self.ways(stem, known);
                    let with_ways = |file: TreePath| {
                        let ways = ways.remove(&file).unwrap_or_default();
                        (file, ways)
                    };
                    let files = files.into_iter().map(with_ways).collect();
                    self.folder.modules.push((stem.to_owned(), files));
                }
            } else if let Some(subfolder) = join(&self.folder.path, word) {
                self.folder.subfolders.push(subfolder);
            }
        }
        self.folder.options = self.options();
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
            let lists = lists(&self.variables, &stem);
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

    /// The options of the modules that stand in one list each, and depend on that alone.
    fn options(&self) -> FxHashMap<String, String> {
        let mut conditions: FxHashMap<String, Alternatives> = FxHashMap::default();
        for word in self.marked.value("obj-y").split_whitespace() {
            let (word, marks) = Marks::split(word);
            if let Some(name) = word.strip_suffix(".o") {
                let ways = conditions.entry(name.to_owned()).or_default();
                ways.push(self.marks.conditions(&marks));
            }
        }
        let option = |ways: &Alternatives| {
            let [way] = ways.as_slice() else { return None };
            let [condition] = way.as_slice() else { return None };
            let name = condition.strip_prefix("$(CONFIG_")?.strip_suffix(')')?;
            let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            is_name.then(|| name.to_owned())
        };
        conditions.into_iter().filter_map(|(name, ways)| Some((name, option(&ways)?))).collect()
    }

    /// The ways in which C files get into the object `goal`, as [`Reader::sources`] finds
    /// them, with the conditions of each way.
    fn ways(&self, goal: &str, known: &FxHashSet<&str>) -> FxHashMap<TreePath, Alternatives> {
        let mut ways: FxHashMap<TreePath, Alternatives> = FxHashMap::default();
        let mut add = |source: Option<TreePath>, marks: &str| {
            let Some(source) = source else { return };
            let conditions = self.marks.conditions(marks);
            let ways = ways.entry(source).or_default();
            if ways.len() < MOST_WAYS && !ways.contains(&conditions) {
                ways.push(conditions);
            }
        };
        let mut seen = FxHashSet::default();
        let mut open = vec![(goal.to_owned(), String::new())];
        while let Some((stem, marks)) = open.pop() {
            if seen.len() > MOST_PARTS || !seen.insert((stem.clone(), marks.clone())) {
                continue;
            }
            let source = self.source(&stem, known);
            let lists = lists(&self.marked, &stem);
            let parts = lists.split_whitespace().map(Marks::split);
            let mut parts = parts
                .filter_map(|(part, marks)| Some((part.strip_suffix(".o")?.to_owned(), marks)))
                .peekable();
            if stem != goal && source.is_some() || parts.peek().is_none() {
                add(source, &marks);
                continue;
            }
            for (part, own) in parts {
                let marks = marks.clone() + &own;
                match part == stem {
                    true => add(source.clone(), &marks),
                    false => open.push((part, marks)),
                }
            }
        }
        ways
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

/// What is in the lists of the object `stem`; nothing where it has none.
fn lists(variables: &Variables, stem: &str) -> String {
    let mut lists = String::new();
    for list in ["-y", "-objs"] {
        let name = [stem, list].concat();
        if variables.has(&name) {
            lists += &variables.value(&name);
            lists.push(' ');
        }
    }
    lists
}

/// What the name of a list depends on: `$(CONFIG_X)` in `x-$(CONFIG_X)`. One without a
/// state (`x-`) is a list of what is not built.
fn condition_of(list: &str) -> Option<&str> {
    match list.find("-$") {
        Some(at) => list.get(at + 1..),
        None => list.ends_with('-').then_some(list),
    }
}
