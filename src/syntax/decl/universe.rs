//! The files of the tree: read once, indexed once, and the include graph.

use super::body::Body;
use super::index::{FileIndex, name_hash};
use super::unit::{Unit, never_compiled};
use crate::tree::read_source;
use rustc_hash::FxHashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Gives the bytes of a file of the tree by its path; `None` when there is none.
pub type Reader = Box<dyn Fn(&str) -> Option<Arc<[u8]>> + Send + Sync>;

/// Number of a header.
pub(super) type FileId = u32;

/// A header that has been read.
struct File {
    path: Arc<str>,
    source: Arc<[u8]>,
    index: OnceLock<FileIndex>,
    links: OnceLock<Links>,
}

/// Where a file's includes lead.
pub(super) struct Links {
    /// Found next to the file or in the kernel's own include folders.
    found: Vec<FileId>,
    /// To be looked for in the `-I` folders of each unit.
    open: Vec<String>,
}

/// The places of a name: `(file, entry)`.
#[derive(Clone)]
enum Places {
    One((FileId, u32)),
    Many(Vec<(FileId, u32)>),
}

const SHARDS: usize = 64;

/// A macro body that has been analysed; `None` where there is none to analyse.
type AnalysedBody = Option<Arc<Body>>;

/// What a list of `-I` folders has been found to hold.
type Searched = Arc<RwLock<FxHashMap<String, Option<FileId>>>>;

/// All files of a tree, each indexed when it is first needed. Safe to share
/// between threads.
pub struct Universe {
    reader: Reader,
    arch: String,
    by_path: RwLock<FxHashMap<Arc<str>, Option<FileId>>>,
    files: RwLock<Vec<Arc<File>>>,
    names: Vec<RwLock<FxHashMap<u64, Places>>>,
    searches: RwLock<FxHashMap<Vec<String>, Searched>>,
    bodies: RwLock<FxHashMap<(Arc<str>, u32), AnalysedBody>>,
}

/// Headers that the kernel's makefiles include before every file.
const IMPLICIT: [&str; 2] = ["include/linux/kconfig.h", "include/linux/compiler_types.h"];

/// Takes a lock even after a panic elsewhere: the maps are only ever added to.
macro_rules! locked {
    ($lock:expr, $how:ident) => {
        $lock.$how().unwrap_or_else(PoisonError::into_inner)
    };
}

impl Universe {
    /// The files below `root`, the top of the tree, read from the disk.
    pub fn new(root: PathBuf) -> Universe {
        Universe::with_reader(Box::new(move |path| {
            read_source(&root.join(path)).ok().map(Arc::from)
        }))
    }

    /// The files that `reader` gives.
    pub fn with_reader(reader: Reader) -> Universe {
        Universe {
            reader,
            arch: "x86".to_string(),
            by_path: RwLock::default(),
            files: RwLock::default(),
            names: (0..SHARDS).map(|_| RwLock::default()).collect(),
            searches: RwLock::default(),
            bodies: RwLock::default(),
        }
    }

    /// With the headers of another architecture (a folder of `arch/`); it must
    /// have the LP64 data model.
    pub fn arch(mut self, arch: &str) -> Universe {
        self.arch = arch.to_string();
        self
    }

    /// The translation unit of the `.c` file at `path`, with the `-I` folders of
    /// its makefile, relative to the top of the tree. `None` when the file cannot
    /// be read.
    pub fn unit(self: &Arc<Self>, path: &str, include_dirs: &[String]) -> Option<Arc<Unit>> {
        let path = normalise(path)?;
        let source = (self.reader)(&path)?;
        Some(self.unit_of(&path, source, include_dirs))
    }

    /// As [`Universe::unit`], of a text that is not on the disk (or not yet).
    pub fn unit_of(
        self: &Arc<Self>,
        path: &str,
        source: Arc<[u8]>,
        include_dirs: &[String],
    ) -> Arc<Unit> {
        let own = FileIndex::build(path.into(), source);
        let (headers, unresolved) = self.closure(&own, include_dirs);
        Arc::new(Unit::new(self.clone(), own, headers, unresolved))
    }

    /// The headers that `own` includes, as a bit set by id, and the includes that
    /// lead nowhere.
    fn closure(&self, own: &FileIndex, include_dirs: &[String]) -> (Vec<u64>, Vec<String>) {
        let search = self.search(include_dirs);
        let links = self.link(own);
        let mut seen: Vec<u64> = Vec::new();
        let mut todo: Vec<FileId> = IMPLICIT.iter().filter_map(|p| self.file(p)).collect();
        let mut unresolved = Vec::new();
        let mut follow = |links: &Links, todo: &mut Vec<FileId>| {
            todo.extend(&links.found);
            for name in &links.open {
                match self.search_for(name, include_dirs, &search) {
                    Some(id) => todo.push(id),
                    None => unresolved.push(name.clone()),
                }
            }
        };
        follow(&links, &mut todo);
        while let Some(id) = todo.pop() {
            let (word, bit) = (id as usize / 64, 1u64 << (id % 64));
            if seen.len() <= word {
                seen.resize(word + 1, 0);
            }
            if seen[word] & bit != 0 {
                continue;
            }
            seen[word] |= bit;
            if let Some(file) = self.get(id) {
                let links = file.links.get_or_init(|| self.link(self.index_of(id, &file)));
                follow(links, &mut todo);
            }
        }
        unresolved.sort();
        unresolved.dedup();
        (seen, unresolved)
    }

    /// Where the includes of a file lead without any `-I`.
    fn link(&self, index: &FileIndex) -> Links {
        let folder = index.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut links = Links { found: Vec::new(), open: Vec::new() };
        for include in &index.includes {
            let conditions = index.conditions.texts(include.condition);
            if include.computed || never_compiled(&index.path, &conditions) {
                continue;
            }
            let beside = include.quoted.then(|| self.file(&join_path(folder, &include.path)));
            match beside.flatten().or_else(|| self.in_kernel(&include.path)) {
                Some(id) => links.found.push(id),
                None => links.open.push(include.path.clone()),
            }
        }
        links
    }

    /// Looks in the kernel's own folders, in the order of `LINUXINCLUDE` in the
    /// top makefile (which precede a makefile's `-I`), then for the generated
    /// wrapper of a generic header.
    fn in_kernel(&self, name: &str) -> Option<FileId> {
        let arch = &self.arch;
        let folders = [
            format!("arch/{arch}/include"),
            "include".to_string(),
            format!("arch/{arch}/include/uapi"),
            "include/uapi".to_string(),
        ];
        let found = folders.iter().find_map(|folder| self.file(&join_path(folder, name)));
        found.or_else(|| {
            let generic = name.strip_prefix("asm/")?;
            let folders = ["include/asm-generic", "include/uapi/asm-generic"];
            folders.iter().find_map(|folder| self.file(&join_path(folder, generic)))
        })
    }

    fn search(&self, include_dirs: &[String]) -> Searched {
        if let Some(found) = locked!(self.searches, read).get(include_dirs) {
            return found.clone();
        }
        locked!(self.searches, write).entry(include_dirs.to_vec()).or_default().clone()
    }

    fn search_for(&self, name: &str, dirs: &[String], search: &Searched) -> Option<FileId> {
        if let Some(&known) = locked!(search, read).get(name) {
            return known;
        }
        let found = dirs.iter().find_map(|dir| self.file(&join_path(dir, name)));
        locked!(search, write).insert(name.to_string(), found);
        found
    }

    /// The number of the file at `path`, read if it is new.
    fn file(&self, path: &str) -> Option<FileId> {
        if let Some(&known) = locked!(self.by_path, read).get(path) {
            return known;
        }
        let clean = normalise(path);
        if let Some(clean) = clean.as_deref().filter(|clean| *clean != path) {
            let id = self.file(clean);
            locked!(self.by_path, write).insert(path.into(), id);
            return id;
        }
        let source = clean.and_then(|clean| (self.reader)(&clean));
        let mut by_path = locked!(self.by_path, write);
        if let Some(&known) = by_path.get(path) {
            return known;
        }
        let path: Arc<str> = path.into();
        let id = source.map(|source| {
            let mut files = locked!(self.files, write);
            let (index, links) = Default::default();
            files.push(Arc::new(File { path: path.clone(), source, index, links }));
            files.len() as FileId - 1
        });
        by_path.insert(path, id);
        id
    }

    fn get(&self, id: FileId) -> Option<Arc<File>> {
        locked!(self.files, read).get(id as usize).cloned()
    }

    fn index_of<'f>(&self, id: FileId, file: &'f File) -> &'f FileIndex {
        file.index.get_or_init(|| {
            let index = FileIndex::build(file.path.clone(), file.source.clone());
            for (number, entry) in index.entries.iter().enumerate() {
                self.add_name(name_hash(index.name(entry)), (id, number as u32));
            }
            index
        })
    }

    fn shard(&self, hash: u64) -> &RwLock<FxHashMap<u64, Places>> {
        &self.names[(hash >> 58) as usize % SHARDS]
    }

    fn add_name(&self, hash: u64, place: (FileId, u32)) {
        let mut shard = locked!(self.shard(hash), write);
        shard
            .entry(hash)
            .and_modify(|places| match places {
                Places::One(first) => *places = Places::Many(vec![*first, place]),
                Places::Many(all) => all.push(place),
            })
            .or_insert(Places::One(place));
    }

    /// Calls `each` with every entry in a header of the set `headers` whose name
    /// has this hash, in no particular order.
    pub(super) fn places(&self, hash: u64, headers: &[u64], mut each: impl FnMut(&FileIndex, u32)) {
        let in_unit =
            |id: FileId| headers.get(id as usize / 64).is_some_and(|w| w >> (id % 64) & 1 == 1);
        let found: Vec<(FileId, u32)> = match locked!(self.shard(hash), read).get(&hash) {
            None => return,
            Some(Places::One(place)) => vec![*place],
            Some(Places::Many(all)) => all.iter().copied().filter(|(id, _)| in_unit(*id)).collect(),
        };
        for (id, number) in found.into_iter().filter(|(id, _)| in_unit(*id)) {
            if let Some(file) = self.get(id) {
                each(self.index_of(id, &file), number);
            }
        }
    }

    /// The analysed body of the macro at `(path, offset)`; kept when `shared`.
    pub(super) fn body(
        &self,
        key: (Arc<str>, u32),
        shared: bool,
        analyse: impl FnOnce() -> Option<Arc<Body>>,
    ) -> Option<Arc<Body>> {
        if !shared {
            return analyse();
        }
        if let Some(known) = locked!(self.bodies, read).get(&key) {
            return known.clone();
        }
        let body = analyse();
        locked!(self.bodies, write).entry(key).or_insert(body).clone()
    }

    /// Hands over those of a set of headers whose paths are `wanted`, in no order.
    pub(super) fn each(
        &self,
        headers: &[u64],
        wanted: impl Fn(&str) -> bool,
        mut each: impl FnMut(&FileIndex),
    ) {
        let is_in = |id: &usize| headers.get(id / 64).is_some_and(|w| w >> (id % 64) & 1 == 1);
        let files = locked!(self.files, read);
        let found: Vec<usize> =
            (0..files.len()).filter(is_in).filter(|&id| wanted(&files[id].path)).collect();
        drop(files);
        for id in found {
            if let Some(file) = self.get(id as FileId) {
                each(self.index_of(id as FileId, &file));
            }
        }
    }

    /// The paths of a set of headers, sorted.
    pub(super) fn paths(&self, headers: &[u64]) -> Vec<Arc<str>> {
        let files = locked!(self.files, read);
        let is_in = |id: &usize| headers.get(id / 64).is_some_and(|w| w >> (id % 64) & 1 == 1);
        let mut paths: Vec<_> =
            (0..files.len()).filter(is_in).map(|id| files[id].path.clone()).collect();
        paths.sort();
        paths
    }
}

fn join_path(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") }
}

/// `path` without `.` and `..`; `None` when it leads out of the tree.
fn normalise(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}
