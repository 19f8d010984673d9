//! Which objects a patch is compiled as: those of the files that it touches, and those of
//! others that include a header of it.

use super::includers::{MOST, includes, is_header};
use super::{Candidate, Ladder};
use crate::tree::TreePath;
use crate::verify::build::{Compile, NotBuilt};
use crate::verify::parses::is_of_build;
use std::collections::BTreeSet;

/// See the module.
pub(super) struct Objects<'s> {
    /// Those of touched files.
    pub built: Vec<&'s Compile>,
    /// Those of files that only include a touched header.
    pub others: Vec<&'s Compile>,
    /// Touched files without an object; a header that an object includes has one.
    pub not_built: Vec<(&'s TreePath, NotBuilt)>,
    /// Files that include a touched header, are not touched and not compiled: as many
    /// as this configuration does not build, and as many as were too many.
    left_out: (usize, usize),
}

impl<'s> Objects<'s> {
    /// Those of a candidate.
    pub fn of(ladder: &'s Ladder<'_>, candidate: &'s Candidate) -> Objects<'s> {
        let mut objects = Objects {
            built: Vec::new(),
            others: Vec::new(),
            not_built: Vec::new(),
            left_out: (0, 0),
        };
        let of_c = candidate.after.keys().filter(|path| !is_of_build(path));
        let (headers, sources): (Vec<&TreePath>, Vec<&TreePath>) =
            of_c.partition(|path| is_header(path));
        for path in sources {
            match ladder.commands.get(path) {
                Some(Ok(compile)) => objects.built.push(compile),
                Some(Err(why)) => objects.not_built.push((path, why.clone())),
                None => objects.not_built.push((path, NotBuilt::NoSource(path.clone()))),
            }
        }
        // What the patch calls may stand in a header that it leaves alone.
        let is_changed =
            |path: &&TreePath| candidate.before.get(*path) != candidate.after.get(*path);
        let headers: Vec<&TreePath> = headers.into_iter().filter(is_changed).collect();
        let others = headers.iter().flat_map(|header| ladder.includers.of(header));
        let others: BTreeSet<&TreePath> =
            others.filter(|path| !candidate.after.contains_key(*path)).collect();
        for path in others {
            match ladder.commands.get(path) {
                Some(Ok(compile)) if objects.others.len() < MOST => objects.others.push(compile),
                Some(Err(_)) => objects.left_out.0 += 1,
                _ => objects.left_out.1 += 1,
            }
        }
        let unread = headers.into_iter().filter(|it| !objects.reads(it, ladder, candidate));
        let unread: Vec<_> = unread.map(|it| (it, NotBuilt::NoSource(it.clone()))).collect();
        objects.not_built.extend(unread);
        objects.not_built.sort_by_key(|(path, _)| *path);
        objects
    }

    /// Whether an object includes a header.
    fn reads(&self, header: &TreePath, ladder: &Ladder<'_>, candidate: &Candidate) -> bool {
        let name = header.rsplit('/').next().unwrap_or_default();
        let built = self.built.iter().chain(&self.others).map(|it| &it.source);
        let mut texts = built.clone().filter_map(|path| candidate.after.get(path));
        let known: BTreeSet<&TreePath> = ladder.includers.of(header).collect();
        texts.any(|text| includes(text, name)) || built.into_iter().any(|it| known.contains(it))
    }

    /// Whether there is one object, and nothing else that the patch touches.
    pub fn is_one(&self) -> bool {
        self.built.len() == 1 && self.others.is_empty() && self.not_built.is_empty()
    }

    /// Whether a C file that is touched was left out.
    pub fn lacks_source(&self) -> bool {
        self.not_built.iter().any(|(path, _)| !is_header(path))
    }

    /// What is to be said of those that include a touched header and were not compiled.
    pub fn note(&self) -> String {
        let (off, many) = self.left_out;
        let mut note = String::new();
        if off > 0 {
            note += &format!("; not built here: {off} more that include the header");
        }
        if many > 0 {
            note += &format!("; not compiled: {many} more that include the header, {MOST} are");
        }
        note
    }
}
