//! The facts of many files in two: a large one that is rarely written, and what came
//! after it.

use super::Content;
use super::sealed::Tail;
use crate::detect::facts::FileFacts;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use xxhash_rust::xxh3::xxh3_64;

/// The second file is put into the first when it holds this part of it.
const LARGE: usize = 4;

/// More than this is not carried on: what is in use is read anew.
const MOST_BYTES: u64 = 400 << 20;

/// Facts by content, still encoded. Of each file a table is in memory; the facts stay on
/// disk until they are asked for, each with its checksum.
#[derive(Default)]
pub struct Packs {
    packs: [Pack; 2],
}

#[derive(Default)]
struct Pack {
    /// Sorted by content.
    rows: Vec<Row>,
    tail: Option<Tail>,
    /// Something of it was not what was written.
    damaged: AtomicBool,
}

/// Where the facts of a content are, and their checksum.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Row {
    content: Content,
    start: u64,
    end: u64,
    sum: u64,
}

/// Bytes that are read at a time. Facts stand in the order in which files were read: what
/// is asked for next is mostly there already.
const AHEAD: u64 = 256 << 10;

/// The parts of the two files that were read last.
#[derive(Default)]
pub struct Windows([Window; 2]);

#[derive(Default)]
struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// The bytes in a range of `tail`.
    fn read(&mut self, tail: &Tail, range: Range<u64>) -> Option<&[u8]> {
        let inside = |window: &Window| {
            let start = range.start.checked_sub(window.start)? as usize;
            Some(start..start + (range.end - range.start) as usize)
        };
        if inside(self).is_none_or(|place| place.end > self.bytes.len()) {
            let end = (range.start + AHEAD).clamp(range.end, tail.length.max(range.end));
            // Where this fails the window is not what its start says.
            let read = tail.read_into(range.start..end, &mut self.bytes);
            self.start = range.start;
            if read.is_none() {
                self.bytes.clear();
                return None;
            }
        }
        self.bytes.get(inside(self)?)
    }
}

/// A file to write: the end of its name, its table, and what stands behind that.
pub type Written = (&'static str, Vec<u8>, Vec<u8>);

impl Pack {
    fn new(file: Option<(Vec<u8>, Tail)>) -> Pack {
        let Some((table, tail)) = file else { return Pack::default() };
        let rows: Option<Vec<Row>> = postcard::from_bytes(&table).ok();
        let sound = |rows: &Vec<Row>| {
            rows.is_sorted_by(|a, b| a.content < b.content)
                && rows.iter().all(|row| row.start <= row.end && row.end <= tail.length)
        };
        let rows = rows.filter(sound);
        let damaged = AtomicBool::new(rows.is_none());
        Pack { rows: rows.unwrap_or_default(), tail: Some(tail), damaged }
    }

    /// The facts of a content.
    fn get<'w>(&self, content: Content, window: &'w mut Window) -> Option<&'w [u8]> {
        let at = self.rows.binary_search_by_key(&content, |row| row.content).ok()?;
        let row = &self.rows[at];
        let read = window.read(self.tail.as_ref()?, row.start..row.end);
        let sound = read.filter(|bytes| xxh3_64(bytes) == row.sum);
        self.damaged.fetch_or(sound.is_none(), Ordering::Relaxed);
        sound
    }

    /// All facts in the order in which they stand there.
    fn all(&self) -> Vec<(Content, Vec<u8>)> {
        let mut rows = self.rows.clone();
        rows.sort_unstable_by_key(|row| row.start);
        let mut window = Window::default();
        let read = |row: Row| Some((row.content, self.get(row.content, &mut window)?.to_vec()));
        rows.into_iter().filter_map(read).collect()
    }

    /// Number of bytes of all facts.
    fn size(&self) -> u64 {
        self.tail.as_ref().map_or(0, |tail| tail.length)
    }
}

impl Packs {
    /// The two files as they were opened.
    pub fn new(base: Option<(Vec<u8>, Tail)>, more: Option<(Vec<u8>, Tail)>) -> Packs {
        Packs { packs: [Pack::new(base), Pack::new(more)] }
    }

    /// Which of the two were not what was written, by the ends of their names.
    pub fn damaged(&self) -> impl Iterator<Item = &'static str> + '_ {
        let damaged = |pack: &Pack| pack.damaged.load(Ordering::Relaxed);
        let names = [".base", ".more"].into_iter().zip(&self.packs);
        names.filter(move |(_, pack)| damaged(pack)).map(|(name, _)| name)
    }

    /// What is known of a file with this content. What is damaged is not known.
    pub fn get(&self, content: Content, windows: &mut Windows) -> Option<FileFacts> {
        let mut both = self.packs.iter().zip(&mut windows.0);
        both.find_map(|(pack, window)| postcard::from_bytes(pack.get(content, window)?).ok())
    }

    /// The file to write so that `fresh` is known, too.
    pub fn with(&self, fresh: &[(Content, &FileFacts)]) -> Written {
        let mut new: Vec<(Content, Vec<u8>)> = fresh
            .par_iter()
            .filter_map(|(content, facts)| Some((*content, postcard::to_allocvec(facts).ok()?)))
            .collect();
        let [base, more] = &self.packs;
        let many = (more.rows.len() + fresh.len()) * LARGE >= base.rows.len();
        if !many || base.size() + more.size() <= MOST_BYTES {
            new.extend(more.all());
        }
        if many && base.size() + more.size() <= MOST_BYTES {
            new.extend(base.all());
        }
        pack(if many { ".base" } else { ".more" }, new)
    }
}

/// A file of these facts. Of two of one content the first stays: what was read anew.
fn pack(name: &'static str, mut all: Vec<(Content, Vec<u8>)>) -> Written {
    let mut seen = FxHashSet::default();
    all.retain(|(content, _)| seen.insert(*content));
    let mut rows = Vec::with_capacity(all.len());
    let mut tail = Vec::with_capacity(all.iter().map(|(_, bytes)| bytes.len()).sum());
    for (content, bytes) in all {
        let start = tail.len() as u64;
        tail.extend_from_slice(&bytes);
        rows.push(Row { content, start, end: tail.len() as u64, sum: xxh3_64(&bytes) });
    }
    rows.sort_unstable_by_key(|row| row.content);
    (name, postcard::to_allocvec(&rows).unwrap_or_default(), tail)
}

#[cfg(test)]
mod tests {
    use super::super::sealed;
    use super::*;

    fn facts(lines: u32) -> FileFacts {
        FileFacts { lines, statements: vec![lines; 3], ..FileFacts::default() }
    }

    /// The packs of files that were written one after the other.
    fn read(files: &[Written]) -> Packs {
        let folder = tempfile::tempdir().expect("a folder");
        let open = |name: &str| {
            let (_, table, tail) = files.iter().rev().find(|file| file.0 == name)?;
            let path = folder.path().join(name);
            sealed::write(&path, 1, table, &[tail]).expect("it is written");
            match sealed::read(&path, 1) {
                sealed::Read::Sound(table, tail) => Some((table, tail)),
                _ => None,
            }
        };
        Packs::new(open(".base"), open(".more"))
    }

    fn get(packs: &Packs, content: u128) -> Option<FileFacts> {
        packs.get(Content(content), &mut Windows::default())
    }

    #[test]
    fn facts_are_found_by_content_in_either_file() {
        let many: Vec<(Content, FileFacts)> =
            (0..40).map(|n| (Content(n), facts(n as u32))).collect();
        let many: Vec<(Content, &FileFacts)> = many.iter().map(|(c, f)| (*c, f)).collect();
        let mut files = vec![Packs::default().with(&many)];
        assert_eq!(files[0].0, ".base");
        files.push(read(&files).with(&[(Content(77), &facts(77))]));
        assert_eq!(files[1].0, ".more");
        let packs = read(&files);
        assert_eq!(get(&packs, 3), Some(facts(3)));
        assert_eq!(get(&packs, 77), Some(facts(77)));
        assert_eq!(get(&packs, 78), None);
        let others: Vec<(Content, FileFacts)> =
            (100..110).map(|n| (Content(n), facts(n as u32))).collect();
        let others: Vec<(Content, &FileFacts)> = others.iter().map(|(c, f)| (*c, f)).collect();
        let all = packs.with(&others);
        assert_eq!(all.0, ".base");
        let packs = read(&[all]);
        assert!([3, 77, 105].iter().all(|&n| get(&packs, n).is_some()));
    }

    #[test]
    fn damaged_facts_are_not_known_and_the_others_are() {
        let two = [(Content(1), &facts(1)), (Content(2), &facts(2))];
        let (name, table, mut tail) = Packs::default().with(&two);
        assert_eq!(read(&[(name, table.clone(), tail.clone())]).damaged().count(), 0);
        tail[1] ^= 1;
        let packs = read(&[(name, table.clone(), tail.clone())]);
        assert_eq!(get(&packs, 1), None);
        assert_eq!(get(&packs, 2), Some(facts(2)));
        assert_eq!(packs.damaged().collect::<Vec<_>>(), [".base"]);
        tail.pop();
        let packs = read(&[(name, table, tail)]);
        assert_eq!(get(&packs, 2), None);
        assert_eq!(packs.damaged().count(), 1);
    }
}
