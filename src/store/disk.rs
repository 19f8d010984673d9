//! Everything the store writes goes through here, one small step after another,
//! so that a test can fail or end the program before any of them.

use super::error::StoreError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What is about to happen to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A folder is made.
    CreateFolder(&'a Path),
    /// A file that was not there is written.
    Write(&'a Path),
    /// A file takes the place of another.
    Rename(&'a Path, &'a Path),
    /// A file or an empty folder goes.
    Remove(&'a Path),
    /// What was written so far must reach the disk: this many files or folders.
    Sync(usize),
}

/// Called before each step. An error takes the place of the step, as if the system
/// had given it; a panic is a crash.
pub type StepHook = Box<dyn FnMut(Step<'_>) -> io::Result<()> + Send + Sync>;

/// From so many files on, one flush of the whole file system is cheaper than one
/// journal commit for each file.
const MANY: usize = 64;

/// The writing side of the file system.
#[derive(Default)]
pub(super) struct Disk {
    pub hook: Option<StepHook>,
}

impl Disk {
    fn step(&mut self, step: Step<'_>) -> io::Result<()> {
        self.hook.as_mut().map_or(Ok(()), |hook| hook(step))
    }

    /// Makes a folder; its parent must be there.
    pub fn create_folder(&mut self, path: &Path) -> Result<(), StoreError> {
        self.step(Step::CreateFolder(path))
            .and_then(|()| match fs::create_dir(path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                made => made,
            })
            .map_err(StoreError::io("create the folder", path))
    }

    /// Makes a folder and those above it; gives those that were not there, the
    /// topmost first.
    pub fn create_folders(&mut self, path: &Path) -> Result<Vec<PathBuf>, StoreError> {
        let mut missing: Vec<PathBuf> = path
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
            .map(Path::to_owned)
            .collect();
        missing.reverse();
        for folder in &missing {
            self.create_folder(folder)?;
        }
        Ok(missing)
    }

    /// Writes a file anew, with these permission bits whatever the umask. What a
    /// cut-off run left at this place is written over.
    pub fn write(&mut self, path: &Path, bytes: &[u8], mode: u32) -> Result<(), StoreError> {
        let write = || {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            // `create_new` follows no symbolic link that somebody puts here.
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(bytes)?;
            file.set_permissions(fs::Permissions::from_mode(mode))
        };
        self.step(Step::Write(path))
            .and_then(|()| write())
            .map_err(StoreError::io("write the file", path))
    }

    /// Gives a file a second name; false where the file system knows no such thing.
    pub fn link(&mut self, from: &Path, to: &Path) -> Result<bool, StoreError> {
        self.step(Step::Write(to)).map_err(StoreError::io("write the file", to))?;
        let _ = fs::remove_file(to);
        Ok(fs::hard_link(from, to).is_ok())
    }

    pub fn rename(&mut self, from: &Path, to: &Path) -> Result<(), StoreError> {
        self.step(Step::Rename(from, to))
            .and_then(|()| fs::rename(from, to))
            .map_err(StoreError::io("replace the file", to))
    }

    /// Removes a file; one that is not there is fine.
    pub fn remove(&mut self, path: &Path) -> Result<(), StoreError> {
        self.remove_with(path, |path| fs::remove_file(path))
    }

    /// Removes a folder with all in it; one that is not there is fine.
    pub fn remove_all(&mut self, path: &Path) -> Result<(), StoreError> {
        self.remove_with(path, |path| fs::remove_dir_all(path))
    }

    /// Removes a folder if nothing is in it.
    pub fn remove_if_empty(&mut self, path: &Path) -> Result<(), StoreError> {
        self.remove_with(path, |path| match fs::remove_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => removed,
        })
    }

    fn remove_with(
        &mut self,
        path: &Path,
        remove: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        self.step(Step::Remove(path))
            .and_then(|()| match remove(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            })
            .map_err(StoreError::io("remove", path))
    }

    /// Waits until these files or folders have reached the disk.
    pub fn sync(&mut self, paths: &[PathBuf]) -> Result<(), StoreError> {
        let Some(first) = paths.first() else { return Ok(()) };
        self.step(Step::Sync(paths.len())).map_err(StoreError::io("flush", first))?;
        if paths.len() >= MANY && sync_file_systems(paths).is_ok() {
            return Ok(());
        }
        for path in paths {
            File::open(path)
                .and_then(|file| file.sync_all())
                .map_err(StoreError::io("flush", path))?;
        }
        Ok(())
    }

    /// Replaces a small file whole: a reader sees the old text or the new one.
    pub fn replace(&mut self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let staged = staged_name(path, "new");
        self.write(&staged, bytes, 0o644)
            .and_then(|()| self.sync(std::slice::from_ref(&staged)))
            .and_then(|()| self.rename(&staged, path))
            .inspect_err(|_| {
                let _ = fs::remove_file(&staged);
            })?;
        let folder = path.parent().unwrap_or(path).to_owned();
        self.sync(&[folder])
    }
}

/// Flushes each file system that the paths are on, once.
#[cfg(target_os = "linux")]
fn sync_file_systems(paths: &[PathBuf]) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let mut done = Vec::new();
    for path in paths {
        let file = File::open(path)?;
        let device = file.metadata()?.dev();
        if !done.contains(&device) {
            rustix::fs::syncfs(&file)?;
            done.push(device);
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn sync_file_systems(_: &[PathBuf]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Where the text that is to replace `path` waits: beside it, so that it is on the
/// same file system and a folder that cannot be written is noticed early.
pub(super) fn staged_name(path: &Path, tag: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".drvdedup-{tag}"));
    path.with_file_name(name)
}
