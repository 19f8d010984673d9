//! The files of a scan: which they are, what they hold, and their facts.

use super::Kind;
use super::cache::{Content, Key, KeyMaker, Windows};
use super::facts::{Depth, FileFacts, Reader};
use super::level::Placement;
use super::scan::{Options, Scan};
use crate::syntax::LoopMacros;
use crate::tree::{SourceFile, read_source_into};
use rayon::prelude::*;
use std::path::Path;

/// The files that were asked for, in the order of their paths, and those that are only
/// offered to them behind.
pub struct Sources<'a> {
    root: &'a Path,
    options: &'a Options,
    /// The file, and whether it is only offered.
    files: Vec<(&'a SourceFile, bool)>,
}

/// Fewer bytes than this are read faster than what is kept of all.
const FEW_BYTES: u64 = 64 << 20;

impl<'a> Sources<'a> {
    /// `files`, and what `options` offer to them.
    pub fn new(root: &'a Path, files: &'a [SourceFile], options: &'a Options) -> Sources<'a> {
        let sorted = |files: &'a [SourceFile]| {
            let mut sorted: Vec<&SourceFile> = files.iter().collect();
            sorted.sort_unstable_by(|a, b| a.path.cmp(&b.path));
            sorted.dedup_by(|a, b| a.path == b.path);
            sorted
        };
        let asked = sorted(files);
        let scanned =
            |file: &&SourceFile| asked.binary_search_by(|it| it.path.cmp(&file.path)).is_ok();
        let mut offered = sorted(&options.offered);
        offered.retain(|file| !scanned(file));
        let files = asked.into_iter().map(|file| (file, false));
        let files = files.chain(offered.into_iter().map(|file| (file, true))).collect();
        Sources { root, options, files }
    }

    /// All of them.
    pub fn files(&self) -> Vec<&'a SourceFile> {
        self.files.iter().map(|(file, _)| *file).collect()
    }

    /// What the result of a scan of these `contents` depends on. `None` where a file has
    /// none.
    pub fn key(
        &self,
        contents: &[Option<Content>],
        placement: &(dyn Placement + Sync),
        loops: &LoopMacros,
    ) -> Option<Key> {
        let mut asked = KeyMaker::new();
        asked.add(&self.depth(false).to_le_bytes());
        asked.add(format!("{:?} {loops:?}", self.options.kinds).as_bytes());
        let of_file = |((file, offered), content): (&(&SourceFile, bool), &Option<Content>)| {
            let mut maker = KeyMaker::new();
            maker.add(file.path.as_bytes());
            maker.add(&(*content)?.0.to_le_bytes());
            let class = placement.class(&file.path);
            maker.add(placement.driver(&file.path).as_bytes());
            maker.add(&placement.drivers_in_class(class).to_le_bytes());
            maker.add(class.as_bytes());
            maker.add(&[u8::from(*offered)]);
            Some(maker.key())
        };
        let of_files = self.files.par_iter().zip(contents).map(of_file);
        let of_files: Vec<u128> = of_files.collect::<Option<_>>()?;
        let mut maker = KeyMaker::new();
        of_files.iter().for_each(|key| maker.add(&key.to_le_bytes()));
        Some(Key { asked: asked.number(), files: maker.key() })
    }

    /// A number for what facts depend on beside a file's content.
    fn depth(&self, offered: bool) -> u64 {
        let mut maker = KeyMaker::new();
        maker.add(format!("{:?}", self.asked(offered)).as_bytes());
        maker.add(&self.options.lists.digest.to_le_bytes());
        maker.number()
    }

    fn asked(&self, offered: bool) -> Depth {
        let Options { min_lines, min_tokens, kinds, .. } = self.options;
        let statements = kinds.contains(&Kind::Gapped) || kinds.contains(&Kind::Sequence);
        Depth { min_lines: *min_lines, min_tokens: *min_tokens, statements: statements && !offered }
    }

    /// The facts of all files; what cannot be read is noted in `out`.
    pub fn read(
        &self,
        contents: Option<&[Option<Content>]>,
        progress: &(dyn Fn(u64) + Sync),
        out: &mut Scan,
    ) -> Vec<(&'a SourceFile, FileFacts, bool)> {
        let bytes: u64 = self.files.iter().map(|(file, _)| file.size()).sum();
        let cache = self.options.cache.as_ref().filter(|_| bytes >= FEW_BYTES);
        let depths = [self.depth(false), self.depth(true)];
        let packs = cache.map(|cache| depths.map(|depth| cache.facts(depth)));
        let content = |at: usize| contents.and_then(|contents| contents.get(at).copied().flatten());
        let asked = [self.asked(false), self.asked(true)];
        let facts: Vec<Result<(FileFacts, bool), String>> = self
            .files
            .par_iter()
            .enumerate()
            .map_init(
                || (Reader::new(&self.options.lists), Vec::new(), <[Windows; 2]>::default()),
                |(reader, text, windows), (at, (file, offered))| {
                    let which = usize::from(*offered);
                    let windows = &mut windows[which];
                    let known =
                        packs.as_ref().and_then(|packs| packs[which].get(content(at)?, windows));
                    if let Some(facts) = known {
                        progress(file.size());
                        return Ok((facts, false));
                    }
                    let read = read_source_into(&self.root.join(&file.path), text);
                    progress(file.size());
                    read.map(|()| (reader.read(text, &asked[which]), true))
                        .map_err(|error| error.to_string())
                },
            )
            .collect();
        if let (Some(cache), Some(packs)) = (cache, &packs) {
            for which in [0, 1] {
                let fresh: Vec<(Content, &FileFacts)> = facts
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| usize::from(self.files[*at].1) == which)
                    .filter_map(|(at, facts)| match facts {
                        Ok((facts, true)) => Some((content(at)?, facts)),
                        _ => None,
                    })
                    .collect();
                cache.keep_facts(depths[which], &packs[which], &fresh);
            }
        }
        let mut read = Vec::with_capacity(self.files.len());
        for ((file, offered), facts) in self.files.iter().zip(facts) {
            match facts {
                Ok((facts, _)) => read.push((*file, facts, *offered)),
                Err(error) => out.unreadable.push((file.path.clone(), error)),
            }
        }
        read
    }
}
