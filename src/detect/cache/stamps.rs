//! Which content a file has, without reading it again: as long as its size, its times
//! and its number are what they were when it was read.

use crate::tree::{SourceFile, Stamp, read_source_into};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::SystemTime;
use xxhash_rust::xxh3::xxh3_128;

/// The hash of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Content(pub u128);

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
                if let Some((known, content)) = self.known.get(&file.path)
                    && *known == file.stamp
                {
                    return (Some(*content), None);
                }
                let now = SystemTime::now();
                if read_source_into(&root.join(&file.path), text).is_err() {
                    return (None, None);
                }
                // What changes after the stamp was taken has another one the next time.
                let settled = file.stamp.settled_at(now).then_some(file.stamp);
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
