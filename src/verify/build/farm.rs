//! A view of the kernel's tree with some files exchanged: a folder of symbolic links
//! to the tree, with real folders down to the files that are exchanged. A header
//! that is exchanged is found from every file in it, whichever way it is included.

use super::error::BuildError;
use crate::tree::{TreePath, joined};
use crate::verify::Files;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

/// Makes the view in `farm`, which does not exist yet, of the tree at `top`. The
/// folders of `real` are no links either.
///
/// # Errors
/// A folder that cannot be read or a file that cannot be written.
pub(super) fn plant(
    top: &Path,
    farm: &Path,
    overlay: &Files,
    real: &BTreeSet<TreePath>,
) -> Result<(), BuildError> {
    let touched = overlay.keys().map(|path| folder_of(path));
    let folders: BTreeSet<TreePath> =
        touched.chain(real.iter().map(String::as_str)).flat_map(with_those_above).collect();
    for folder in &folders {
        let target = farm.join(folder);
        fs::create_dir(&target).map_err(BuildError::io(&target))?;
        for name in names_in(&top.join(folder)).map_err(BuildError::io(&top.join(folder)))? {
            let path = name.to_str().map(|name| match folder.as_str() {
                "" => name.to_owned(),
                folder => format!("{folder}/{name}"),
            });
            if path.is_none_or(|path| !folders.contains(&path) && !overlay.contains_key(&path)) {
                let link = target.join(&name);
                std::os::unix::fs::symlink(top.join(folder).join(&name), &link)
                    .map_err(BuildError::io(&link))?;
            }
        }
    }
    for (path, text) in overlay {
        let target = farm.join(path);
        fs::write(&target, text).map_err(BuildError::io(&target))?;
    }
    Ok(())
}

/// Nothing for a folder that is new.
fn names_in(folder: &Path) -> io::Result<Vec<OsString>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.file_name())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The folder that holds a file.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn with_those_above(folder: &str) -> impl Iterator<Item = TreePath> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([0, folder.len()]);
    ends.filter_map(|end| folder.get(..end)).map(str::to_owned)
}

/// The folders before each `..` of a path from the top. They must be real for it to
/// be found in the view: from a link it would climb into the tree.
pub(super) fn climbed_from(path: &str) -> impl Iterator<Item = TreePath> {
    let climbs = path.match_indices("/..").filter_map(|(at, _)| path.get(..at));
    climbs.filter_map(|before| joined("", before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let tree = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in files {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        tree
    }

    fn check(
        files: &[(&str, &str)],
        overlay: &[(&str, &str)],
        spelled: &[&str],
        expected: &[(&str, &str)],
    ) {
        let (tree, work) = (tree(files), tree(&[]));
        let overlay =
            overlay.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        let farm = work.path().join("tree");
        let real = spelled.iter().flat_map(|path| climbed_from(path)).collect();
        plant(tree.path(), &farm, &overlay.collect(), &real).expect("a farm");
        for (path, text) in expected {
            let found = fs::read_to_string(farm.join(path));
            assert_eq!(found.ok().as_deref(), Some(*text), "{path}");
        }
        for (path, text) in files {
            let kept = fs::read_to_string(tree.path().join(path));
            assert_eq!(kept.ok().as_deref(), Some(*text), "{path} in the tree");
        }
    }

    const FILES: [(&str, &str); 4] =
        [("a/x.c", "x"), ("a/x.h", "h"), ("b/y.c", "y"), ("a/d/z.c", "z")];

    #[test]
    fn exchanged_files_stand_among_the_others() {
        check(
            &FILES,
            &[("a/x.h", "new"), ("c/n.c", "n")],
            &[],
            &[
                ("a/x.h", "new"),
                ("a/x.c", "x"),
                ("b/y.c", "y"),
                ("a/d/z.c", "z"),
                ("c/n.c", "n"),
                ("a/../a/x.h", "new"),
            ],
        );
    }

    #[test]
    fn a_path_that_climbs_does_not_lead_into_the_tree() {
        check(
            &FILES,
            &[("a/x.h", "new")],
            &["a/d/../x.h", "b/../a"],
            &[("a/d/../x.h", "new"), ("b/../a/x.h", "new"), ("a/d/z.c", "z")],
        );
    }
}
