//! The working copy: a farm of hard links to the kernel, with real copies of the
//! folders that the tests change, so that nothing can reach the original.

use crate::support::plan::{self, Plan, Proposal};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;
use xxhash_rust::xxh3::xxh3_128;

/// What the tests plan and change.
pub const FOLDERS: [&str; 5] = [
    "drivers/hwmon",
    "drivers/power/supply",
    "drivers/gpio",
    "drivers/media/dvb-frontends",
    "drivers/net/wireless/realtek",
];

/// Files and their bytes.
pub type Sources = BTreeMap<PathBuf, Vec<u8>>;

/// The proposal store, and where it is kept as it was after planning.
const STORE: &str = ".drvdedup";
const FRESH_STORE: &str = "fresh-store";

/// The working copy while a test has it. The end of the turn prints how long the
/// test took, without the wait for its turn.
pub struct Turn {
    workspace: MutexGuard<'static, Workspace>,
    start: Instant,
}

/// The working copy, for one test at a time.
pub struct Workspace {
    work: PathBuf,
    source: PathBuf,
    pristine: PathBuf,
    build: PathBuf,
    /// Keeps other runs of these tests out of `work`.
    _lock: File,
    /// The plan whose store is restored; planning again would give the same.
    plan: Option<Arc<Plan>>,
}

impl Deref for Turn {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.workspace
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut Workspace {
        &mut self.workspace
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        println!("{test}: {} s", self.start.elapsed().as_secs());
    }
}

impl Workspace {
    /// Waits for the tests before this one; the copy is as new afterwards.
    pub fn lock() -> Turn {
        static WORKSPACE: OnceLock<Mutex<Workspace>> = OnceLock::new();
        let workspace = WORKSPACE.get_or_init(|| Mutex::new(Workspace::create()));
        // A test that failed leaves a mess, which is cleaned up in any case.
        let workspace = workspace.lock().unwrap_or_else(PoisonError::into_inner);
        let mut turn = Turn { workspace, start: Instant::now() };
        turn.reset();
        turn
    }

    fn create() -> Workspace {
        let pristine = folder_of("DRVDEDUP_KERNEL");
        let build = folder_of("DRVDEDUP_KERNEL_BUILD");
        let work = std::env::var_os("DRVDEDUP_KERNEL_WORK").map_or_else(
            || build.parent().expect("a build folder lies somewhere").join("test-work"),
            PathBuf::from,
        );
        fs::create_dir_all(&work).unwrap_or_else(|e| panic!("{}: {e}", work.display()));
        let lock = File::create(work.join("lock")).expect("a lock file can be made");
        lock.lock().expect("the lock can be taken");
        let source = work.join("source");
        let workspace = Workspace { work, source, pristine, build, _lock: lock, plan: None };
        remove(workspace.source());
        let linked = copy(&["-al"], &workspace.pristine, workspace.source());
        if !linked {
            remove(workspace.source());
            let copied = copy(&["-a", "--reflink=auto"], &workspace.pristine, workspace.source());
            assert!(copied, "{} cannot be copied", workspace.pristine.display());
        }
        workspace
    }

    /// Restores the folders of the tests and the proposals of the first plan.
    pub fn reset(&mut self) {
        for folder in FOLDERS {
            let target = self.source().join(folder);
            remove(&target);
            assert!(copy(&["-r", "--reflink=auto"], &self.pristine.join(folder), &target));
        }
        remove(&self.source().join(STORE));
        if self.plan.is_some() {
            assert!(copy(&["-a"], &self.work.join(FRESH_STORE), &self.source().join(STORE)));
        }
    }

    /// The plan of the folders, which must be as new; the store holds it.
    pub fn plan(&mut self) -> Arc<Plan> {
        if let Some(plan) = &self.plan {
            return Arc::clone(plan);
        }
        let plan = plan::plan(self.source(), &FOLDERS).unwrap_or_else(|error| panic!("{error}"));
        assert!(!plan.proposals.is_empty(), "no proposals: nothing is tested");
        let fresh = self.work.join(FRESH_STORE);
        remove(&fresh);
        assert!(copy(&["-a"], &self.source().join(STORE), &fresh));
        Arc::clone(self.plan.insert(Arc::new(plan)))
    }

    /// The working copy's top.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// The kernel that it is a copy of.
    pub fn pristine(&self) -> &Path {
        &self.pristine
    }

    /// The folder in which the working copy is built.
    pub fn build(&self) -> PathBuf {
        self.work.join("build")
    }

    /// The configuration to build it with.
    pub fn configuration(&self) -> PathBuf {
        self.build.join(".config")
    }

    /// Where the program keeps what it builds of the working copy.
    pub fn cache(&self) -> PathBuf {
        self.work.join("cache")
    }

    /// Runs the program, which must succeed, and returns what it prints.
    pub fn run(&self, arguments: &[&str]) -> Vec<u8> {
        plan::drvdedup_ok(self.source(), arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Applies proposals, all or none.
    pub fn apply<'p>(&self, proposals: impl IntoIterator<Item = &'p Proposal>) {
        let ids = proposals.into_iter().map(|proposal| proposal.id.as_str());
        let arguments: Vec<&str> = ["apply"].into_iter().chain(ids).collect();
        self.run(&arguments);
    }

    /// The bytes of one file.
    pub fn text(&self, file: &str) -> Vec<u8> {
        let path = self.source().join(file);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Overwrites one file of the folders, which are no links to the kernel.
    pub fn write(&self, file: &str, text: &[u8]) {
        assert!(FOLDERS.iter().any(|folder| file.starts_with(folder)), "{file} may be a link");
        let path = self.source().join(file);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// The bytes of every file of the folders.
    pub fn sources(&self) -> Sources {
        let files = FOLDERS.iter().flat_map(|folder| self.files(folder));
        files.map(|path| (path.clone(), fs::read(path).expect("readable"))).collect()
    }

    /// Permissions and a digest of the bytes of every file of one folder.
    pub fn digests(&self, folder: &str) -> BTreeMap<PathBuf, (u32, u128)> {
        let digest = |path: &Path| {
            let mode = fs::metadata(path).expect("readable").permissions().mode();
            (mode, xxh3_128(&fs::read(path).expect("readable")))
        };
        self.files(folder).map(|path| (path.clone(), digest(&path))).collect()
    }

    /// Every file of a folder.
    fn files(&self, folder: &str) -> impl Iterator<Item = PathBuf> + use<> {
        ignore::WalkBuilder::new(self.source().join(folder))
            .standard_filters(false)
            .build()
            .map(|entry| entry.expect("the working copy can be read"))
            .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
            .map(|entry| entry.path().to_owned())
    }
}

/// The files that `proposals` touch, each once.
pub fn touched_files<'p>(proposals: impl IntoIterator<Item = &'p Proposal>) -> Vec<String> {
    let files: BTreeSet<&String> = proposals.into_iter().flat_map(|p| &p.files).collect();
    files.into_iter().cloned().collect()
}

/// The folder that an environment variable names.
pub fn folder_of(variable: &str) -> PathBuf {
    let value = std::env::var_os(variable)
        .unwrap_or_else(|| panic!("set {variable}: eval \"$(.ci/prepare-kernel)\" does"));
    fs::canonicalize(&value).unwrap_or_else(|error| panic!("{variable}={value:?}: {error}"))
}

fn remove(path: &Path) {
    if path.exists() {
        fs::remove_dir_all(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

fn copy(options: &[&str], from: &Path, to: &Path) -> bool {
    let status = Command::new("cp").args(options).arg(from).arg(to).status();
    status.expect("cp starts").success()
}
