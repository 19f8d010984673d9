//! Which content a file has, without reading it again: as long as its size, its times
//! and its number are what they were when it was read.

use crate::tree::{SourceFile, read_source_into};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use xxhash_rust::xxh3::xxh3_128;

/// The hash of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Content(pub u128);

/// A file that changed so shortly before it was read may change again without its time
/// telling: the clocks of file systems are coarse.
const SETTLED: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Stamp> {
        let data = fs::metadata(path).ok()?;
        Some(Stamp {
            size: data.size(),
            inode: data.ino(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        })
    }

    /// Whether the file had come to rest at `time`.
    fn settled_at(&self, time: SystemTime) -> bool {
        let time = time.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(SETTLED);
        self.modified.0.max(self.changed.0) < time.as_secs() as i64
    }
}

/// The contents of a tree's files, by path.
#[derive(Debug, Default)]
pub struct Stamps {
    known: FxHashMap<String, (Stamp, Content)>,
}

impl Stamps {
    /// Nothing that does not read as stamps is known.
    pub fn decode(bytes: Option<&[u8]>) -> Stamps {
        let known: Option<Vec<(String, (Stamp, Content))>> =
            bytes.and_then(|bytes| postcard::from_bytes(bytes).ok());
        Stamps { known: known.unwrap_or_default().into_iter().collect() }
    }

    /// As bytes; the same for the same stamps.
    pub fn encode(&self) -> Vec<u8> {
        let mut all: Vec<(&String, &(Stamp, Content))> = self.known.iter().collect();
        all.sort_unstable_by_key(|(path, _)| *path);
        postcard::to_allocvec(&all).unwrap_or_default()
    }

    /// The content of each file, and all stamps if some were new.
    pub fn look(
        mut self,
        root: &Path,
        files: &[&SourceFile],
    ) -> (Vec<Option<Content>>, Option<Stamps>) {
        let looked: Vec<(Option<Content>, Option<Stamp>)> = files
            .par_iter()
            .map_init(Vec::new, |text, file| {
                let path = root.join(&file.path);
                let Some(stamp) = Stamp::of(&path) else { return (None, None) };
                if let Some((known, content)) = self.known.get(&file.path)
                    && *known == stamp
                {
                    return (Some(*content), None);
                }
                let now = SystemTime::now();
                if read_source_into(&path, text).is_err() {
                    return (None, None);
                }
                let settled = stamp.settled_at(now).then_some(stamp);
                (Some(Content(xxh3_128(text))), settled)
            })
            .collect();
        let mut fresh = false;
        for (file, (content, stamp)) in files.iter().zip(&looked) {
            if let (Some(content), Some(stamp)) = (content, stamp) {
                self.known.insert(file.path.clone(), (*stamp, *content));
                fresh = true;
            }
        }
        (looked.into_iter().map(|(content, _)| content).collect(), fresh.then_some(self))
    }
}
