//! The facts of many files in two: a large one that is rarely written, and what came
//! after it.

use super::Content;
use crate::detect::facts::FileFacts;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// The second file is put into the first when it holds this part of it.
const LARGE: usize = 4;

/// More than this is not carried on: what is in use is read anew.
const MOST_BYTES: usize = 400 << 20;

/// Facts by content, still encoded.
#[derive(Debug, Default)]
pub struct Packs {
    packs: [Pack; 2],
}

#[derive(Debug, Default)]
struct Pack {
    bytes: Vec<u8>,
    /// Where each starts and ends.
    places: FxHashMap<Content, (usize, usize)>,
}

impl Pack {
    fn new(bytes: Option<Vec<u8>>) -> Pack {
        let bytes = bytes.unwrap_or_default();
        let places = Pack::places(&bytes).unwrap_or_default();
        Pack { bytes, places }
    }

    /// The table at the start of the bytes.
    fn places(bytes: &[u8]) -> Option<FxHashMap<Content, (usize, usize)>> {
        let count = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?) as usize;
        let table = bytes.get(8..8usize.checked_add(count.checked_mul(24)?)?)?;
        let mut at = 8 + table.len();
        let mut places = FxHashMap::default();
        for row in table.chunks_exact(24) {
            let content = u128::from_le_bytes(row[..16].try_into().ok()?);
            let length = u64::from_le_bytes(row[16..].try_into().ok()?) as usize;
            let end = at.checked_add(length).filter(|&end| end <= bytes.len())?;
            places.insert(Content(content), (at, end));
            at = end;
        }
        Some(places)
    }

    fn get(&self, content: Content) -> Option<&[u8]> {
        self.places.get(&content).and_then(|&(from, to)| self.bytes.get(from..to))
    }

    fn all(&self) -> Vec<(Content, &[u8])> {
        let mut all: Vec<(Content, &[u8])> =
            self.places.keys().filter_map(|&content| Some((content, self.get(content)?))).collect();
        all.sort_unstable_by_key(|(content, _)| *content);
        all
    }
}

impl Packs {
    /// The two files as they were read.
    pub fn new(base: Option<Vec<u8>>, more: Option<Vec<u8>>) -> Packs {
        Packs { packs: [Pack::new(base), Pack::new(more)] }
    }

    /// What is known of a file with this content.
    pub fn get(&self, content: Content) -> Option<FileFacts> {
        let bytes = self.packs.iter().find_map(|pack| pack.get(content))?;
        postcard::from_bytes(bytes).ok()
    }

    /// The file to write, by the end of its name, so that `fresh` is known, too.
    pub fn with(&self, fresh: &[(Content, &FileFacts)]) -> (&'static str, Vec<u8>) {
        let encoded: Vec<(Content, Vec<u8>)> = fresh
            .par_iter()
            .filter_map(|(content, facts)| Some((*content, postcard::to_allocvec(facts).ok()?)))
            .collect();
        let new = encoded.iter().map(|(content, bytes)| (*content, bytes.as_slice()));
        let [base, more] = &self.packs;
        let size: usize = base.bytes.len() + more.bytes.len();
        let many = (more.places.len() + fresh.len()) * LARGE >= base.places.len();
        match (many, size > MOST_BYTES) {
            (true, false) => (".base", pack(base.all().into_iter().chain(more.all()).chain(new))),
            (true, true) => (".base", pack(new)),
            (false, _) => (".more", pack(more.all().into_iter().chain(new))),
        }
    }
}

fn pack<'b>(all: impl Iterator<Item = (Content, &'b [u8])>) -> Vec<u8> {
    let mut all: Vec<(Content, &[u8])> = all.collect();
    all.sort_unstable_by_key(|(content, _)| *content);
    all.dedup_by_key(|(content, _)| *content);
    let size: usize = all.iter().map(|(_, bytes)| bytes.len() + 24).sum();
    let mut out = Vec::with_capacity(size + 8);
    out.extend_from_slice(&(all.len() as u64).to_le_bytes());
    for (content, bytes) in &all {
        out.extend_from_slice(&content.0.to_le_bytes());
        out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    }
    for (_, bytes) in all {
        out.extend_from_slice(bytes);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(lines: u32) -> FileFacts {
        FileFacts { lines, statements: vec![lines; 3], ..FileFacts::default() }
    }

    fn read(files: &[(&'static str, Vec<u8>)]) -> Packs {
        let of = |name: &str| files.iter().rev().find(|(n, _)| *n == name).map(|(_, b)| b.clone());
        Packs::new(of(".base"), of(".more"))
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
        assert_eq!(packs.get(Content(3)), Some(facts(3)));
        assert_eq!(packs.get(Content(77)), Some(facts(77)));
        assert_eq!(packs.get(Content(78)), None);
        let others: Vec<(Content, FileFacts)> =
            (100..110).map(|n| (Content(n), facts(n as u32))).collect();
        let others: Vec<(Content, &FileFacts)> = others.iter().map(|(c, f)| (*c, f)).collect();
        let all = packs.with(&others);
        assert_eq!(all.0, ".base");
        let packs = read(&[all]);
        assert!([3, 77, 105].iter().all(|&n| packs.get(Content(n)).is_some()));
    }

    #[test]
    fn what_is_no_pack_holds_nothing() {
        for bytes in [b"".as_slice(), b"abc", &[0xff; 64], &[1; 40]] {
            let packs = Packs::new(Some(bytes.to_vec()), None);
            assert_eq!(packs.get(Content(0)), None);
        }
    }
}
