//! What a scan found, kept for the next: in the user's cache folder, by content. In:
//! the files of a scan. Out: what is known of them, and the whole result where nothing
//! has changed. Nothing that cannot be checked is believed, and the tree is never
//! written to.
//!
//! ```text
//! drivers  which files make up which, as long as no Kbuild file has changed
//! stamps   which content a file has, as long as its size and times are the same
//! packs    facts of files, by content
//! results  whole scans, by the content of all files and what was asked
//! sealed   a file with a checksum, written at once or not at all
//! ```

mod packs;
mod results;
mod sealed;
mod stamps;
#[cfg(test)]
mod tests;

pub use packs::Windows;
pub use results::Outcomes;
pub use stamps::Content;

use super::facts::FileFacts;
use super::memo::Outcome;
use super::{CloneGroup, Scan};
use crate::tree::{Drivers, KernelTree, SourceFile, TreePath};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::SystemTime;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// Most bytes that all trees together may take.
const MOST_BYTES: u64 = 1 << 30;

/// The Kbuild files of fewer C files are read faster than what is kept of all.
const FEW_FILES: usize = 2000;

/// Results of one tree that are kept, for its different questions.
const MOST_RESULTS: usize = 4;

/// The cache of one tree. Clones share their notes.
#[derive(Clone, Debug)]
pub struct Cache {
    /// Of all trees.
    base: PathBuf,
    /// Of this one.
    folder: PathBuf,
    /// Tells programs apart: what another one wrote is not read.
    build: u64,
    notes: Arc<Mutex<Vec<String>>>,
    writing: Arc<Writing>,
}

/// What is being written while the rest of the program goes on. The last clone of a
/// cache waits for it.
#[derive(Debug, Default)]
struct Writing(Mutex<Vec<JoinHandle<()>>>);

impl Writing {
    fn start(&self, write: impl FnOnce() + Send + 'static) {
        if let Ok(mut threads) = self.0.lock() {
            threads.push(std::thread::spawn(write));
        }
    }

    fn wait(&self) {
        let threads = self.0.lock().map(|mut threads| std::mem::take(&mut *threads));
        for thread in threads.unwrap_or_default() {
            // One that panicked has said so, and only the cache is the poorer.
            let _ = thread.join();
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.wait();
    }
}

/// The question that a result answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// What was asked, of whatever files.
    pub asked: u64,
    /// The files, with their contents.
    pub files: u128,
}

impl Cache {
    /// The cache of the tree at `root`, below `base`. Nothing is read or written yet.
    pub fn new(base: PathBuf, root: &Path) -> Cache {
        let mut name = String::new();
        let _ = write!(name, "{:016x}", xxh3_128(root.as_os_str().as_encoded_bytes()) as u64);
        let (notes, writing) = Default::default();
        Cache { folder: base.join(name), base, build: build(), notes, writing }
    }

    /// What a user should know: damage that was found, why nothing could be kept.
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().map(|notes| notes.clone()).unwrap_or_default()
    }

    fn note(&self, text: String) {
        if let Ok(mut notes) = self.notes.lock() {
            notes.push(text);
        }
    }

    /// The content of each file; `None` for those that cannot be read.
    pub fn contents(&self, root: &Path, files: &[&SourceFile]) -> Vec<Option<Content>> {
        let path = self.folder.join("stamps");
        let known = self.read(&path);
        let known = stamps::Stamps::decode(known.as_deref());
        let (contents, fresh) = known.look(root, files);
        if let Some(stamps) = fresh {
            self.write(&path, &stamps.encode(), &[[]; 0]);
        }
        contents
    }

    /// The drivers that `files` make up: as they were last time, where all that tells of
    /// them is as it was.
    pub fn drivers(&self, tree: &KernelTree, files: &[TreePath]) -> Drivers {
        if files.len() < FEW_FILES {
            return Drivers::read(tree, files);
        }
        let path = self.folder.join("drivers");
        let known = self.read(&path).and_then(|known| postcard::from_bytes::<Drivers>(&known).ok());
        if let Some(known) = known.filter(|known| known.hold(tree, files)) {
            return known;
        }
        let drivers = Drivers::read(tree, files);
        let kept = drivers.may_be_kept().then(|| postcard::to_allocvec(&drivers));
        if let Some(Ok(bytes)) = kept {
            self.write(&path, &bytes, &[[]; 0]);
        }
        drivers
    }

    /// The facts of files, by content, as `depth` asks for; a number that tells depths
    /// apart.
    pub fn facts(&self, depth: u64) -> packs::Packs {
        let open = |name: &str| self.open(&self.folder.join(format!("facts-{depth:016x}{name}")));
        packs::Packs::new(open(".base"), open(".more"))
    }

    /// Keeps facts that are new.
    pub fn keep_facts(&self, depth: u64, known: &packs::Packs, fresh: &[(Content, &FileFacts)]) {
        for name in known.damaged() {
            self.note(damage(&self.folder.join(format!("facts-{depth:016x}{name}"))));
        }
        if fresh.is_empty() {
            return;
        }
        let (name, table, tail) = known.with(fresh);
        self.write(&self.folder.join(format!("facts-{depth:016x}{name}")), &table, &[tail]);
        if name == ".base" {
            let _ = fs::remove_file(self.folder.join(format!("facts-{depth:016x}.more")));
        }
    }

    /// The result for `key`; with `focus` only the groups that have a member in that
    /// file.
    pub fn result(&self, key: Key, focus: Option<&str>) -> Option<Scan> {
        let path = self.result_path(key);
        let (head, tail) = self.open(&path)?;
        let found = results::decode(&head, &tail, focus);
        if found.is_none() {
            self.damaged(&path);
        }
        found
    }

    /// What became of the lists of candidates in the last scan that asked the same of
    /// other contents.
    pub fn outcomes(&self, key: Key) -> Option<Outcomes> {
        let begin = format!("scan-{:016x}-", key.asked);
        let files = fs::read_dir(&self.folder).ok()?.flatten();
        let results = files.filter(|file| file.file_name().to_string_lossy().starts_with(&begin));
        let last = results.max_by_key(|file| file.metadata().and_then(|data| data.modified()).ok());
        let path = last?.path();
        let (head, tail) = self.open(&path)?;
        let found = Outcomes::decode(&head, &tail);
        if found.is_none() {
            self.damaged(&path);
        }
        found
    }

    /// Keeps a result; it is written when the last clone of the cache is gone.
    pub fn keep_result(&self, key: Key, scan: &Scan, outcomes: Vec<Outcome>) {
        let scan = scan.clone();
        // Its own thread must not be what it waits for.
        let this = Cache { writing: Arc::default(), ..self.clone() };
        self.writing.start(move || {
            if let Some((head, tail)) = results::encode(&scan, &outcomes) {
                this.write(&this.result_path(key), &head, &tail);
                this.tidy();
            }
        });
    }

    fn result_path(&self, key: Key) -> PathBuf {
        self.folder.join(format!("scan-{:016x}-{:032x}", key.asked, key.files))
    }

    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        self.open(path).map(|(payload, _)| payload)
    }

    fn open(&self, path: &Path) -> Option<(Vec<u8>, sealed::Tail)> {
        match sealed::read(path, self.build) {
            sealed::Read::Sound(payload, tail) => Some((payload, tail)),
            sealed::Read::Missing => None,
            sealed::Read::Damaged => {
                self.damaged(path);
                None
            }
        }
    }

    fn damaged(&self, path: &Path) {
        self.note(damage(path));
        let _ = fs::remove_file(path);
    }

    fn write(&self, path: &Path, payload: &[u8], tail: &[impl AsRef<[u8]>]) {
        if let Err(error) = sealed::write(path, self.build, payload, tail) {
            self.note(format!("{}: nothing could be kept: {error}", path.display()));
        }
    }

    /// Removes what has not been used for longest.
    fn tidy(&self) {
        let mut all: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        let folders = fs::read_dir(&self.base).into_iter().flatten().flatten();
        for folder in folders {
            let files = fs::read_dir(folder.path()).into_iter().flatten().flatten();
            all.extend(files.filter_map(|file| {
                let data = file.metadata().ok().filter(|data| data.is_file())?;
                Some((data.modified().ok()?, data.len(), file.path()))
            }));
        }
        all.sort_unstable_by(|a, b| b.cmp(a));
        let (mut bytes, mut results) = (0, 0);
        for (_, size, path) in all {
            let ours = path.parent() == Some(&self.folder);
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let is_result = ours && name.starts_with("scan-");
            bytes += size;
            results += usize::from(is_result);
            if bytes > MOST_BYTES || is_result && results > MOST_RESULTS {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// What a [`Key`] is made of.
pub struct KeyMaker(Xxh3);

impl KeyMaker {
    /// A key of nothing yet.
    pub fn new() -> KeyMaker {
        KeyMaker(Xxh3::new())
    }

    /// Adds a part; parts do not run into each other.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// The key of all parts.
    pub fn key(self) -> u128 {
        self.0.digest128()
    }

    /// A short form of it.
    pub fn number(self) -> u64 {
        self.0.digest()
    }
}

fn damage(path: &Path) -> String {
    format!("{}: the cache was damaged; it is made anew", path.display())
}

/// Tells one build of the program from another: they may find other things.
fn build() -> u64 {
    let program = std::env::current_exe().and_then(fs::metadata);
    let stamp = program.ok().map(|data| (data.len(), data.modified().ok()));
    let text = format!("{} {stamp:?}", env!("CARGO_PKG_VERSION"));
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// Whether a group has a member in the file.
pub fn is_in(group: &CloneGroup, file: &str) -> bool {
    group.members.iter().any(|member| member.file == file)
}
