//! Which C files include a header that a patch touches, and so are compiled anew
//! although the patch leaves them alone.
//!
//! They are looked for by the header's name: in its folder, and among the files of the
//! drivers that are touched. One that includes it by way of another header of that
//! folder counts, too. Whoever includes it from elsewhere in the tree is not found.

use crate::tree::{Drivers, TreePath, read_source};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Objects that are compiled of those that include a header, beside the touched ones. A
/// header of a large driver has hundreds, and what a new declaration may break (a type
/// that is not known there) breaks in nearly all: each costs seconds, twice.
pub(super) const MOST: usize = 4;

/// The C files that include each touched header, as the tree stands.
#[derive(Debug, Default)]
pub(super) struct Includers(BTreeMap<TreePath, BTreeSet<TreePath>>);

impl Includers {
    /// For the headers among `touched`. What cannot be read includes nothing: it does
    /// not compile either.
    pub fn find(root: &Path, touched: &BTreeSet<TreePath>, drivers: Option<&Drivers>) -> Self {
        let headers = touched.iter().filter(|path| is_header(path));
        let of = |header: &TreePath| (header.clone(), including(root, header, touched, drivers));
        Self(headers.map(of).collect())
    }

    /// Those of one header, sorted.
    pub fn of(&self, header: &str) -> impl Iterator<Item = &TreePath> {
        self.0.get(header).into_iter().flatten()
    }

    /// All, but at most [`MOST`] of a header that are not `touched`.
    pub fn wanted(&self, touched: &BTreeSet<TreePath>) -> BTreeSet<TreePath> {
        let of_one = |all: &BTreeSet<TreePath>| -> Vec<TreePath> {
            all.difference(touched).take(MOST).cloned().collect()
        };
        self.0.values().flat_map(of_one).collect()
    }
}

/// Whether a file is one that others include.
pub(super) fn is_header(path: &str) -> bool {
    path.ends_with(".h")
}

/// Whether a text includes a file of that name, in whatever folder.
pub(super) fn includes(text: &[u8], name: &str) -> bool {
    included(text).any(|found| found == name.as_bytes())
}

fn including(
    root: &Path,
    header: &str,
    touched: &BTreeSet<TreePath>,
    drivers: Option<&Drivers>,
) -> BTreeSet<TreePath> {
    let (folder, name) = header.rsplit_once('/').unwrap_or(("", header));
    let mut files = names_in(root, folder);
    let modules = drivers.map(Drivers::modules).unwrap_or_default();
    let ours = modules.iter().filter(|it| it.files.iter().any(|file| touched.contains(file)));
    files.extend(ours.flat_map(|it| it.files.iter().cloned()));
    let texts: Vec<(TreePath, Vec<u8>)> = files
        .into_iter()
        .map(|path| {
            let text = read_source(&root.join(&path)).unwrap_or_default();
            (path, text)
        })
        .collect();
    let mut names: BTreeSet<&[u8]> = [name.as_bytes()].into();
    loop {
        let more: BTreeSet<&[u8]> = texts
            .iter()
            .filter(|(path, text)| is_header(path) && included(text).any(|it| names.contains(it)))
            .map(|(path, _)| path.rsplit('/').next().unwrap_or_default().as_bytes())
            .filter(|found| !names.contains(found))
            .collect();
        if more.is_empty() {
            break;
        }
        names.extend(more);
    }
    let sources = texts.iter().filter(|(path, _)| path.ends_with(".c"));
    let sources = sources.filter(|(_, text)| included(text).any(|it| names.contains(it)));
    sources.map(|(path, _)| path.clone()).collect()
}

/// The C files and headers of a folder.
fn names_in(root: &Path, folder: &str) -> BTreeSet<TreePath> {
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let c = names.filter(|name| name.ends_with(".c") || is_header(name));
    c.map(|name| if folder.is_empty() { name } else { format!("{folder}/{name}") }).collect()
}

/// The names, without folders, of the files that a text includes.
fn included(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|byte| *byte == b'\n');
    lines.filter_map(|line| {
        let rest = line.trim_ascii_start().strip_prefix(b"#")?.trim_ascii_start();
        let rest = rest.strip_prefix(b"include")?.trim_ascii_start();
        let close = match rest.first()? {
            b'"' => b'"',
            b'<' => b'>',
            _ => return None,
        };
        let path = rest.get(1..)?;
        let path = path.get(..memchr::memchr(close, path)?)?;
        path.rsplit(|byte| *byte == b'/').next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_included_by_its_name_and_through_others_of_its_folder() {
        let tree = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("d/h.h", ""),
            ("d/all.h", "#pragma once\n # include \"h.h\"\n"),
            ("d/a.c", "#include <linux/x.h>\n#include \"../d/h.h\"\n"),
            ("d/b.c", "#include \"all.h\"\n"),
            ("d/c.c", "#include \"hh.h\"\n/* #include it: h.h */\n"),
            ("e/d.c", "#include <h.h>\n"),
        ] {
            let path = tree.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let touched: BTreeSet<TreePath> = ["d/a.c", "d/h.h"].map(str::to_owned).into();
        let found = Includers::find(tree.path(), &touched, None);
        assert_eq!(found.of("d/h.h").collect::<Vec<_>>(), ["d/a.c", "d/b.c"]);
        assert_eq!(found.wanted(&touched), ["d/b.c".to_owned()].into());
        assert_eq!(found.of("d/all.h").count(), 0, "it is not touched");
    }

    #[test]
    fn many_are_cut_off() {
        let all: BTreeSet<TreePath> = (0..MOST + 5).map(|n| format!("d/{n}.c")).collect();
        let includers = Includers([("d/h.h".to_owned(), all.clone())].into());
        assert_eq!(includers.wanted(&BTreeSet::new()).len(), MOST);
        assert_eq!(includers.wanted(&all).len(), 0);
    }
}
