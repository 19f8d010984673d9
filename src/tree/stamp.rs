//! What tells that a file has changed, without reading it.

use super::path::{file_name, parent};
use super::{SourceFile, TreePath, Unreadable};
use rayon::iter::Either;
use rayon::prelude::*;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, stat, statat};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Size, number and times of a file, as they were at some time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Stamp {
    /// Size in bytes.
    pub size: u64,
    /// Number of its inode.
    pub inode: u64,
    /// Time of its last modification, in seconds since 1970 and nanoseconds.
    pub modified: (i64, i64),
    /// Time of the last change of its inode, likewise.
    pub changed: (i64, i64),
}

/// A file that changed so shortly before it was read may change again without its time
/// telling: the clocks of file systems are coarse.
const SETTLED: Duration = Duration::from_secs(2);

impl Stamp {
    /// What the system says of a file.
    fn of(stat: &Stat) -> Stamp {
        Stamp {
            size: stat.st_size as u64,
            inode: stat.st_ino,
            modified: (stat.st_mtime, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime, stat.st_ctime_nsec as i64),
        }
    }

    /// Whether the file had come to rest at `time`.
    pub fn settled_at(&self, time: SystemTime) -> bool {
        let time = time.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(SETTLED);
        self.modified.0.max(self.changed.0) < time.as_secs() as i64
    }
}

/// The stamp of the file at `path`, links followed; `None` where there is no file.
pub(super) fn stamp_of(path: &Path) -> Option<Stamp> {
    let stat = stat(path).ok()?;
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    is_file.then(|| Stamp::of(&stat))
}

/// Files below `root`, which are sorted, with their stamps, and those that have none.
///
/// Each is looked at from its folder: from the top, the system would look up every
/// folder on the way again for each of tens of thousands of files.
pub fn stamped(root: &Path, paths: &[TreePath]) -> (Vec<SourceFile>, Vec<Unreadable>) {
    let of_folder = |paths: &[TreePath]| -> Vec<Result<SourceFile, Unreadable>> {
        let folder = parent(&paths[0]).unwrap_or_default();
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(root.join(folder), flags, Mode::empty());
        let look = |path: &TreePath| {
            let name = file_name(path);
            let stat = folder.as_ref().map_err(|error| *error);
            let stat = stat.and_then(|folder| statat(folder, name, AtFlags::SYMLINK_NOFOLLOW));
            match stat {
                Ok(stat) => Ok(SourceFile { path: path.clone(), stamp: Stamp::of(&stat) }),
                Err(error) => {
                    let reason = io::Error::from(error).to_string();
                    Err(Unreadable { path: path.clone(), reason })
                }
            }
        };
        paths.iter().map(look).collect()
    };
    let folders: Vec<&[TreePath]> = paths.chunk_by(|a, b| parent(a) == parent(b)).collect();
    let looked = folders.into_par_iter().flat_map_iter(of_folder);
    looked.partition_map(|looked| match looked {
        Ok(file) => Either::Left(file),
        Err(unreadable) => Either::Right(unreadable),
    })
}
