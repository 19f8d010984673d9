//! A kernel that is ready to compile its objects.
//!
//! In the cache folder: `configured-KEY`, which [`Kernel::prepare`] makes, holds a
//! `.config` as a user's own build folder would; `build-KEY`, which every kernel
//! gets, holds a copy of the `.config` that was asked for and what `make prepare`
//! builds from it. A folder is finished when it has its stamp, written last; without
//! one make goes on where it was interrupted.

use super::configuration::Configuration;
use super::error::BuildError;
use super::farm::Farms;
use super::process;
use super::tools::Toolchain;
use crate::tree::{KernelTree, content_hash, read_regular};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Is given each command line before it runs, and what else a user should know.
pub type Say<'a> = &'a (dyn Fn(&str) + Sync);

/// What `allmodconfig` is changed by.
const LEAN: &str = include_str!("lean.config");
const STAMP: &str = ".drvdedup-stamp";
const LOCK: &str = ".drvdedup-lock";
/// Bytes of a failed make's output that go into the error.
const SAID: usize = 4000;

/// What a verdict holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// SHA-256 of the `.config` in force, in hexadecimal.
    pub configuration: String,
    /// The first line of `CC --version`.
    pub compiler: String,
    /// `x86_64`, `arm64`, …; the kernel's name for it.
    pub architecture: String,
    /// As `uname -r` would say.
    pub release: String,
}

/// A configured kernel. Its tree and the user's build folder are only read; all
/// building happens in a folder of the cache.
#[derive(Debug)]
pub struct Kernel {
    /// Absolute and without symbolic links, as Kbuild spells it.
    pub(super) tree: PathBuf,
    /// The build folder, in the cache.
    pub(super) folder: PathBuf,
    pub(super) farms: Farms,
    pub(super) accepted_flags: OnceLock<Vec<&'static str>>,
    architecture: String,
    toolchain: Toolchain,
    identity: Identity,
}

impl Kernel {
    /// Configures the tree for the architecture of this machine (`allmodconfig`
    /// without what makes objects hard to compare) with the compiler that `CC` or
    /// `LLVM` names, below `cache`, and opens it. Half a minute of CPU the first
    /// time, nothing the second.
    ///
    /// # Errors
    /// What is missing, not clean, cannot be written or does not build.
    pub fn prepare(tree: &KernelTree, cache: &Path, say: Say<'_>) -> Result<Self, BuildError> {
        let top = clean_top(tree)?;
        let toolchain = Toolchain::choose(None, environment);
        toolchain.check()?;
        let stamp = stamp(&top, tree, &toolchain.version()?, LEAN.as_bytes());
        let folder = cache.join(format!("configured-{}", key(&stamp)));
        fs::create_dir_all(&folder).map_err(BuildError::io(&folder))?;
        let lock = lock(&folder)?;
        if !is_stamped(&folder, &stamp) {
            let lean = folder.join("lean.config");
            fs::write(&lean, LEAN).map_err(BuildError::io(&lean))?;
            let preset = format!("KCONFIG_ALLCONFIG={}", lean.display());
            make(&top, &folder, &toolchain, &[&preset, "allmodconfig"], say)?;
            let configuration = read_configuration(&folder, &top)?.0;
            for option in still_on(&configuration) {
                say(&format!("CONFIG_{option} is still on: an option of this kernel selects it"));
            }
            write_stamp(&folder, &stamp)?;
        }
        drop(lock);
        Self::open(tree, &folder, cache, say)
    }

    /// Whether [`Kernel::prepare`] has configured this tree before, with this compiler.
    ///
    /// # Errors
    /// The tree is no kernel or not clean, or the compiler does not start.
    pub fn is_prepared(tree: &KernelTree, cache: &Path) -> Result<bool, BuildError> {
        let top = clean_top(tree)?;
        let compiler = Toolchain::choose(None, environment).version()?;
        let stamp = stamp(&top, tree, &compiler, LEAN.as_bytes());
        Ok(is_stamped(&cache.join(format!("configured-{}", key(&stamp))), &stamp))
    }

    /// Opens the configuration in `build`, a folder that `make O=build` works in or
    /// that has at least a `.config`. The compiler is the environment's, or the one
    /// of the configuration's kind. What `make prepare` builds (20 seconds of CPU)
    /// goes to a folder below `cache`, once for a configuration and compiler.
    ///
    /// # Errors
    /// What is missing, not clean, cannot be written or does not build.
    pub fn open(
        tree: &KernelTree,
        build: &Path,
        cache: &Path,
        say: Say<'_>,
    ) -> Result<Self, BuildError> {
        Self::open_with(environment, tree, build, cache, say)
    }

    /// [`Kernel::open`] with the variables of an environment.
    pub(super) fn open_with(
        environment: impl Fn(&str) -> Option<String>,
        tree: &KernelTree,
        build: &Path,
        cache: &Path,
        say: Say<'_>,
    ) -> Result<Self, BuildError> {
        let top = clean_top(tree)?;
        let (wanted, text) = read_configuration(build, &top)?;
        let no_architecture = || BuildError::NoArchitecture(build.join(".config"));
        let architecture = wanted.make_architecture().ok_or_else(no_architecture)?.to_owned();
        let toolchain = Toolchain::choose(Some(&wanted), environment);
        let compiler = toolchain.version()?;
        let stamp = stamp(&top, tree, &compiler, &text);
        let folder = cache.join(format!("build-{}", key(&stamp)));
        fs::create_dir_all(&folder).map_err(BuildError::io(&folder))?;
        // Kbuild is told this path and compares it with what it finds itself.
        let folder = fs::canonicalize(&folder).map_err(BuildError::io(&folder))?;
        let lock = lock(&folder)?;
        if !is_stamped(&folder, &stamp) {
            let config = folder.join(".config");
            fs::write(&config, &text).map_err(BuildError::io(&config))?;
            let arch = format!("ARCH={architecture}");
            make(&top, &folder, &toolchain, &[&arch, "olddefconfig"], say)?;
            // W=1 as later on: other flags would build all of it again.
            make(&top, &folder, &toolchain, &[&arch, "W=1", "prepare", "modules_prepare"], say)?;
            let changed = wanted.differences(&read_configuration(&folder, &top)?.0);
            if !changed.is_empty() {
                say(&changed_options(build, &changed));
            }
            write_stamp(&folder, &stamp)?;
        }
        drop(lock);
        let (configuration, text) = read_configuration(&folder, &top)?;
        let identity = Identity {
            configuration: content_hash(&text),
            compiler,
            architecture: configuration.architecture().unwrap_or(&architecture).to_owned(),
            release: release(&folder)?,
        };
        Ok(Self {
            tree: top,
            folder,
            farms: Farms::default(),
            accepted_flags: OnceLock::new(),
            architecture,
            toolchain,
            identity,
        })
    }

    /// The top of its source tree.
    pub fn tree(&self) -> &Path {
        &self.tree
    }

    /// What a verdict reached with this kernel holds for.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The folder of the cache that it is built in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs make in the build folder, for nobody else at the same time. The second
    /// value is whether it succeeded.
    pub(super) fn make(
        &self,
        goals: &[String],
        say: Say<'_>,
    ) -> Result<(Vec<u8>, bool), BuildError> {
        let _lock = lock(&self.folder)?;
        let arch = format!("ARCH={}", self.architecture);
        let goals: Vec<&str> =
            [arch.as_str()].into_iter().chain(goals.iter().map(String::as_str)).collect();
        run_make(&self.tree, &self.folder, &self.toolchain, &goals, say)
            .map(|(output, success, _)| (output, success))
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The top of the tree as Kbuild spells it, after a look whether Kbuild would take
/// it; the three are what its own check looks for.
fn clean_top(tree: &KernelTree) -> Result<PathBuf, BuildError> {
    let top = fs::canonicalize(&tree.root).map_err(BuildError::io(&tree.root))?;
    if tree.kernel.is_none() {
        return Err(BuildError::NotAKernel(top));
    }
    let architectures = fs::read_dir(top.join("arch")).into_iter().flatten().flatten();
    let generated = architectures
        .filter_map(|it| it.file_name().into_string().ok())
        .map(|name| format!("arch/{name}/include/generated"));
    let mut leftovers: Vec<String> = generated.collect();
    leftovers.extend([".config".to_owned(), "include/config".to_owned()]);
    leftovers.sort_unstable();
    match leftovers.into_iter().find(|it| top.join(it).exists()) {
        Some(found) => Err(BuildError::TreeNotClean { tree: top, found }),
        None => Ok(top),
    }
}

fn read_configuration(build: &Path, tree: &Path) -> Result<(Configuration, Vec<u8>), BuildError> {
    let path = build.join(".config");
    match read_regular(&path) {
        Ok(text) => Ok((Configuration::read(&text), text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(BuildError::NoConfig { folder: build.to_owned(), tree: tree.to_owned() })
        }
        Err(source) => Err(BuildError::Io { path, source }),
    }
}

fn release(folder: &Path) -> Result<String, BuildError> {
    let path = folder.join("include/config/kernel.release");
    let text = fs::read_to_string(&path).map_err(BuildError::io(&path))?;
    Ok(text.trim().to_owned())
}

/// Options that [`LEAN`] turns off and that are on.
fn still_on(configuration: &Configuration) -> impl Iterator<Item = &'static str> {
    let off =
        LEAN.lines().filter_map(|line| line.strip_prefix("# CONFIG_")?.strip_suffix(" is not set"));
    off.filter(|option| configuration.is_set(option))
}

fn changed_options(build: &Path, changed: &[String]) -> String {
    let first: Vec<String> = changed.iter().take(5).map(|name| format!("CONFIG_{name}")).collect();
    format!(
        "{}: this tree and compiler change {} options of it ({}{}); that folder is left as it is",
        build.display(),
        changed.len(),
        first.join(", "),
        if changed.len() > first.len() { ", …" } else { "" }
    )
}

fn make(
    tree: &Path,
    folder: &Path,
    toolchain: &Toolchain,
    goals: &[&str],
    say: Say<'_>,
) -> Result<(), BuildError> {
    let (output, success, command) = run_make(tree, folder, toolchain, goals, say)?;
    if success {
        return Ok(());
    }
    // The better reason, if there is one.
    toolchain.check()?;
    Err(BuildError::Make { folder: folder.to_owned(), command, said: end_of(&output) })
}

/// Runs make in `folder`; returns its output, whether it succeeded and the command
/// line.
fn run_make(
    tree: &Path,
    folder: &Path,
    toolchain: &Toolchain,
    goals: &[&str],
    say: Say<'_>,
) -> Result<(Vec<u8>, bool, String), BuildError> {
    let mut command = process::command("make");
    command.arg("-s").arg(format!("-j{}", rayon::current_num_threads()));
    command.arg("-C").arg(tree).arg(format!("O={}", folder.display()));
    command.args(&toolchain.variables).args(goals);
    // They would send Kbuild elsewhere.
    for variable in ["KCONFIG_CONFIG", "KBUILD_OUTPUT", "KBUILD_EXTMOD", "M", "ARCH", "O"] {
        command.env_remove(variable);
    }
    let line = command_line(&command);
    say(&line);
    let run = process::run(command, None)
        .map_err(|source| BuildError::Start { program: "make".to_owned(), source })?;
    Ok((run.output, run.status.success(), line))
}

/// As a person would type it, shortened where it names hundreds of objects.
fn command_line(command: &std::process::Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let words: Vec<String> = words.map(|word| quoted(&word.to_string_lossy())).collect();
    match words.as_slice() {
        [first @ .., _, _, _, last] if words.len() > 24 => {
            let shown = first.get(..20).unwrap_or(first);
            format!("{} … {last}", shown.join(" "))
        }
        _ => words.join(" "),
    }
}

fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./=+:,%@".contains(&byte);
    if word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The last lines of what a program said.
pub(super) fn end_of(output: &[u8]) -> String {
    let start = output.len().saturating_sub(SAID);
    String::from_utf8_lossy(output.get(start..).unwrap_or(output)).trim_end().to_owned()
}

/// What a folder of the cache was made for, one line each.
fn stamp(top: &Path, tree: &KernelTree, compiler: &str, configuration: &[u8]) -> String {
    format!(
        "tree {}\nkernel {}\ncompiler {compiler}\nconfiguration {}\n",
        top.display(),
        tree.kernel.as_deref().unwrap_or_default(),
        content_hash(configuration)
    )
}

fn key(stamp: &str) -> String {
    content_hash(stamp.as_bytes()).chars().take(16).collect()
}

fn is_stamped(folder: &Path, stamp: &str) -> bool {
    fs::read(folder.join(STAMP)).is_ok_and(|found| found == stamp.as_bytes())
}

/// In one step, so that a stamp is never half there.
fn write_stamp(folder: &Path, stamp: &str) -> Result<(), BuildError> {
    let path = folder.join(STAMP);
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(stamp.as_bytes())?;
        file.persist(&path)?;
        Ok(())
    };
    write().map_err(BuildError::io(&path))
}

/// Held until it is dropped; another process waits.
fn lock(folder: &Path) -> Result<File, BuildError> {
    let path = folder.join(LOCK);
    let take = || {
        let file = File::create(&path)?;
        file.lock()?;
        Ok(file)
    };
    take().map_err(BuildError::io(&path))
}
