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
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// As many views as are kept for the next compile: some for the folders of each file that
/// is compiled again and again. More would only fill the disk.
const MOST_KEPT: usize = 64;

/// A folder with a view of the tree in `tree`, and room for the files of one compile
/// beside it. It is gone when dropped.
#[derive(Debug)]
pub(super) struct Farm {
    folder: tempfile::TempDir,
    /// Those that are no links.
    folders: BTreeSet<TreePath>,
    /// The files that are not the tree's.
    exchanged: BTreeSet<TreePath>,
}

impl Farm {
    fn plant(top: &Path, overlay: &Files, folders: BTreeSet<TreePath>) -> Result<Farm, BuildError> {
        let temporary = std::env::temp_dir();
        let folder = tempfile::Builder::new().prefix("drvdedup-").tempdir();
        let folder = folder.map_err(BuildError::io(&temporary))?;
        let farm = Farm { folder, folders, exchanged: BTreeSet::new() };
        for folder in &farm.folders {
            let target = farm.tree().join(folder);
            fs::create_dir(&target).map_err(BuildError::io(&target))?;
            for name in names_in(&top.join(folder)).map_err(BuildError::io(&top.join(folder)))? {
                let path = name.to_str().map(|name| match folder.as_str() {
                    "" => name.to_owned(),
                    folder => format!("{folder}/{name}"),
                });
                let is_made =
                    |path: &TreePath| farm.folders.contains(path) || overlay.contains_key(path);
                if path.is_none_or(|path| !is_made(&path)) {
                    link(&top.join(folder).join(&name), &target.join(&name))?;
                }
            }
        }
        farm.exchange(top, overlay)
    }

    /// The view with the files of `overlay` in the place of those that it had before.
    fn exchange(mut self, top: &Path, overlay: &Files) -> Result<Farm, BuildError> {
        for path in std::mem::take(&mut self.exchanged) {
            let target = self.tree().join(&path);
            remove(&target)?;
            let original = top.join(&path);
            if !overlay.contains_key(&path) && original.symlink_metadata().is_ok() {
                link(&original, &target)?;
            }
        }
        for (path, text) in overlay {
            let target = self.tree().join(path);
            // A link would be written through, into the tree.
            remove(&target)?;
            self.exchanged.insert(path.clone());
            fs::write(&target, text).map_err(BuildError::io(&target))?;
        }
        Ok(self)
    }

    /// The view.
    pub(super) fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    /// A file beside the view.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Views of one tree for compiles one after the other. The next one exchanges a file or
/// two: thousands of links that are made and removed at once keep ext4 busy looking for
/// inodes that were not deleted just now.
#[derive(Debug, Default)]
pub(super) struct Farms {
    kept: Mutex<Vec<Farm>>,
}

impl Farms {
    /// A view of the tree at `top`; the folders of `real` are no links either.
    ///
    /// # Errors
    /// A folder that cannot be read or a file that cannot be written.
    pub(super) fn take(
        &self,
        top: &Path,
        overlay: &Files,
        real: &BTreeSet<TreePath>,
    ) -> Result<Farm, BuildError> {
        let touched = overlay.keys().map(|path| folder_of(path));
        let folders: BTreeSet<TreePath> =
            touched.chain(real.iter().map(String::as_str)).flat_map(with_those_above).collect();
        let kept = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let found = kept.iter().position(|farm| farm.folders == folders);
            found.map(|at| kept.remove(at))
        };
        match kept {
            Some(farm) => farm.exchange(top, overlay),
            None => Farm::plant(top, overlay, folders),
        }
    }

    /// Keeps a view for the next one; the oldest goes where there are too many.
    pub(super) fn give_back(&self, farm: Farm) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(farm);
        let oldest = (kept.len() > MOST_KEPT).then(|| kept.remove(0));
        drop(kept);
        drop(oldest);
    }
}

/// Removes a file that need not be there.
pub(super) fn remove(file: &Path) -> Result<(), BuildError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BuildError::io(file)(error)),
        _ => Ok(()),
    }
}

fn link(original: &Path, at: &Path) -> Result<(), BuildError> {
    std::os::unix::fs::symlink(original, at).map_err(BuildError::io(at))
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
        let tree = tree(files);
        let overlay: Files = owned(overlay);
        let real = spelled.iter().flat_map(|path| climbed_from(path)).collect();
        let farm = Farms::default().take(tree.path(), &overlay, &real).expect("a farm");
        assert_holds(&farm, expected);
        for (path, text) in files {
            let kept = fs::read_to_string(tree.path().join(path));
            assert_eq!(kept.ok().as_deref(), Some(*text), "{path} in the tree");
        }
    }

    fn owned(files: &[(&str, &str)]) -> Files {
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    fn assert_holds(farm: &Farm, expected: &[(&str, &str)]) {
        for (path, text) in expected {
            let found = fs::read_to_string(farm.tree().join(path));
            assert_eq!(found.ok().as_deref(), Some(*text), "{path}");
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

    #[test]
    fn a_view_that_was_given_back_shows_the_tree_but_for_the_new_files() {
        let (tree, farms) = (tree(&FILES), Farms::default());
        let take = |overlay: &[(&str, &str)]| {
            farms.take(tree.path(), &owned(overlay), &BTreeSet::new()).expect("a farm")
        };
        let farm = take(&[("a/x.h", "new"), ("a/n.c", "n")]);
        let place = farm.tree();
        farms.give_back(farm);
        let farm = take(&[("a/x.c", "other")]);
        assert_eq!(farm.tree(), place, "not made anew");
        assert_holds(&farm, &[("a/x.h", "h"), ("a/x.c", "other"), ("a/d/z.c", "z")]);
        assert!(!farm.tree().join("a/n.c").exists());
        let other = take(&[("b/y.c", "new")]);
        assert_ne!(other.tree(), place, "in use, and of other folders");
        assert_holds(&other, &[("b/y.c", "new"), ("a/x.c", "x")]);
        for (path, text) in FILES {
            let kept = fs::read_to_string(tree.path().join(path));
            assert_eq!(kept.ok().as_deref(), Some(text), "{path} in the tree");
        }
    }
}
