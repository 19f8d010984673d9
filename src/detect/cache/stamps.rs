//! Which content a file has, without reading it again: as long as its size, its times
//! and its number are what they were when it was read.

use crate::tree::{SourceFile, Stamp, read_source_into};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::SystemTime;
use xxhash_rust::xxh3::xxh3_128;

/// The hash of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Content(pub u128);

/// The contents of a tree's files, sorted by their paths.
#[derive(Debug, Default)]
pub struct Stamps<'a> {
    known: Vec<Known<'a>>,
}

type Known<'a> = (&'a str, (Stamp, Content));

/// Files that are encoded together, so that several threads can decode.
const PART: usize = 2048;

impl<'a> Stamps<'a> {
    /// Nothing that does not read as stamps is known.
    pub fn decode(bytes: Option<&'a [u8]>) -> Stamps<'a> {
        let parts: Option<Vec<&[u8]>> = bytes.and_then(|bytes| postcard::from_bytes(bytes).ok());
        let parts = parts.unwrap_or_default().into_par_iter();
        let known: Option<Vec<Vec<Known>>> =
            parts.map(|part| postcard::from_bytes(part).ok()).collect();
        let known = known.unwrap_or_default().concat();
        let sorted = known.is_sorted_by(|a, b| a.0 < b.0);
        Stamps { known: if sorted { known } else { Vec::new() } }
    }

    /// As bytes; the same for the same stamps.
    pub fn encode(&self) -> Vec<u8> {
        let parts = self.known.chunks(PART).map(postcard::to_allocvec);
        let parts: Vec<Vec<u8>> = parts.collect::<Result<_, _>>().unwrap_or_default();
        postcard::to_allocvec(&parts).unwrap_or_default()
    }

    /// The content of each file, and all stamps if some were new.
    pub fn look(
        self,
        root: &Path,
        files: &[&'a SourceFile],
    ) -> (Vec<Option<Content>>, Option<Stamps<'a>>) {
        let looked: Vec<(Option<Content>, Option<Stamp>)> = files
            .par_iter()
            .map_init(Vec::new, |text, file| {
                let known = self.known.binary_search_by(|(path, _)| (*path).cmp(&file.path));
                let known = known.ok().map(|at| self.known[at].1);
                if let Some((_, content)) = known.filter(|(stamp, _)| *stamp == file.stamp) {
                    return (Some(content), None);
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
        let fresh = files.iter().zip(&looked).filter_map(|(file, (content, stamp))| {
            Some((file.path.as_str(), ((*stamp)?, (*content)?)))
        });
        let mut all: Vec<Known> = fresh.collect();
        let contents = looked.into_iter().map(|(content, _)| content).collect();
        if all.is_empty() {
            return (contents, None);
        }
        // Of two stamps of one file the first stays: the new one.
        all.extend(self.known);
        all.sort_by_key(|(path, _)| *path);
        all.dedup_by(|later, earlier| later.0 == earlier.0);
        (contents, Some(Stamps { known: all }))
    }
}
