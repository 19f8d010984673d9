//! What tells that a file has changed, without reading it.

use serde::{Deserialize, Serialize};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
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
    /// What `data` says.
    pub fn of(data: &Metadata) -> Stamp {
        Stamp {
            size: data.size(),
            inode: data.ino(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        }
    }

    /// Whether the file had come to rest at `time`.
    pub fn settled_at(&self, time: SystemTime) -> bool {
        let time = time.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(SETTLED);
        self.modified.0.max(self.changed.0) < time.as_secs() as i64
    }
}
