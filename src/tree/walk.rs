//! The C files below some paths.

use super::path::inside;
use super::{KernelTree, SourceFile, TreeError, TreePath, stamped};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

/// Files of more bytes than this are reported instead of read.
pub const MAX_FILE_SIZE: u64 = 64 << 20;

/// Folders that hold no source of the tree.
const SKIPPED: [&str; 2] = [".git", ".drvdedup"];

/// What a walk met, before any of the files was looked at.
#[derive(Clone, Debug, Default)]
pub struct Met {
    /// The C files, sorted, each once.
    pub paths: Vec<TreePath>,
    unreadable: Vec<Unreadable>,
}

/// What a walk found. Both lists are sorted and hold nothing twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The C files.
    pub files: Vec<SourceFile>,
    /// What could not be looked at.
    pub unreadable: Vec<Unreadable>,
}

/// A file or folder that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unreadable {
    /// Where it is; bytes that are not UTF-8 are replaced by U+FFFD.
    pub path: TreePath,
    /// Why it was left out, for the user.
    pub reason: String,
}

enum Found {
    Source(TreePath),
    Unreadable(Unreadable),
}

impl KernelTree {
    /// All `.c` files below `paths`, or below `drivers` and `sound` of a kernel tree
    /// (the whole of any other tree) where `paths` is empty. A path may be a file;
    /// it is taken from the current folder if it exists in the tree there, else from
    /// the top. `excludes` are gitignore-style globs seen from the top; a path that
    /// was asked for by name is not excluded, what lies below it may be.
    ///
    /// Symbolic links are not followed: one into the tree is passed over, because
    /// its target is met as itself; any other is reported.
    ///
    /// # Errors
    /// Where a path is missing, cannot be read or lies outside the tree, or an
    /// exclude is not a glob.
    pub fn walk(&self, paths: &[PathBuf], excludes: &[String]) -> Result<Walk, TreeError> {
        Ok(self.meet(paths, excludes)?.look(&self.root))
    }

    /// The first half of [`KernelTree::walk`].
    ///
    /// # Errors
    /// Those of [`KernelTree::walk`].
    pub fn meet(&self, paths: &[PathBuf], excludes: &[String]) -> Result<Met, TreeError> {
        let excludes = self.excludes(excludes)?;
        let starts = match paths {
            [] => self.default_starts(),
            paths => paths.iter().map(|path| self.locate(path)).collect::<Result<Vec<_>, _>>()?,
        };
        let Some((first, others)) = starts.split_first() else { return Ok(Met::default()) };
        let mut builder = WalkBuilder::new(first);
        for start in others {
            builder.add(start);
        }
        builder.standard_filters(false).follow_links(false);
        builder.filter_entry(move |entry| entry.depth() == 0 || !is_left_out(entry, &excludes));

        let (sender, receiver) = channel();
        builder.build_parallel().run(|| {
            let sender = sender.clone();
            Box::new(move |entry| self.visit(entry, &sender))
        });
        drop(sender);
        Ok(Met::collect(receiver))
    }

    fn default_starts(&self) -> Vec<PathBuf> {
        let parts = ["drivers", "sound"].map(|part| self.root.join(part));
        match self.kernel {
            Some(_) => parts.into_iter().filter(|part| part.is_dir()).collect(),
            None => vec![self.root.clone()],
        }
    }

    /// The absolute path that the user means by `path`.
    fn locate(&self, path: &Path) -> Result<PathBuf, TreeError> {
        let here = fs::canonicalize(path);
        let at_top = fs::canonicalize(self.root.join(path));
        match (here, at_top) {
            (Ok(found), _) | (_, Ok(found)) if found.starts_with(&self.root) => Ok(found),
            (Ok(_), _) | (_, Ok(_)) => {
                Err(TreeError::Outside { path: path.to_path_buf(), root: self.root.clone() })
            }
            (Err(source), _) => Err(TreeError::from_io(path.to_path_buf(), source)),
        }
    }

    fn excludes(&self, globs: &[String]) -> Result<Gitignore, TreeError> {
        let mut builder = GitignoreBuilder::new(&self.root);
        let error = |glob: &str, reason: ignore::Error| TreeError::Exclude {
            glob: glob.to_owned(),
            reason: reason.to_string(),
        };
        for glob in globs {
            builder.add_line(None, glob).map_err(|reason| error(glob, reason))?;
        }
        builder.build().map_err(|reason| error(&globs.join("`, `"), reason))
    }

    fn visit(&self, entry: Result<DirEntry, ignore::Error>, found: &Sender<Found>) -> WalkState {
        let (path, verdict) = match &entry {
            Ok(entry) => (entry.path(), self.examine(entry)),
            Err(error) => (path_of(error).unwrap_or(&self.root), Err(error.to_string())),
        };
        let found_here = match verdict {
            Ok(None) => return WalkState::Continue,
            Ok(Some(file)) => Found::Source(file),
            Err(reason) => Found::Unreadable(Unreadable { path: self.printable(path), reason }),
        };
        let is_folder =
            entry.is_ok_and(|entry| entry.file_type().is_some_and(|kind| kind.is_dir()));
        match found.send(found_here) {
            Err(_) => WalkState::Quit,
            Ok(()) if is_folder => WalkState::Skip,
            Ok(()) => WalkState::Continue,
        }
    }

    /// The C file that `entry` is, or why it was left out; `None` for what is of no
    /// interest and for folders to go into.
    fn examine(&self, entry: &DirEntry) -> Result<Option<TreePath>, String> {
        let Some(kind) = entry.file_type() else { return Ok(None) };
        let is_source = entry.path().extension().is_some_and(|extension| extension == "c");
        if kind.is_symlink() {
            return self.examine_link(entry.path(), is_source);
        }
        if !kind.is_dir() && !is_source {
            return Ok(None);
        }
        let Some(path) = inside(&self.root, entry.path()) else {
            return Err("its name is not UTF-8".to_owned());
        };
        if kind.is_dir() {
            return Ok(None);
        }
        if !kind.is_file() {
            return Err("not a regular file".to_owned());
        }
        Ok(Some(path))
    }

    fn examine_link(&self, link: &Path, is_source: bool) -> Result<Option<TreePath>, String> {
        match fs::canonicalize(link) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let target = fs::read_link(link).unwrap_or_default();
                Err(format!("broken symbolic link to {}", target.display()))
            }
            Err(error) => Err(format!("symbolic link that cannot be followed: {error}")),
            Ok(target) if target.starts_with(&self.root) => Ok(None),
            Ok(target) if is_source || target.is_dir() => {
                Err(format!("symbolic link out of the tree, to {}", target.display()))
            }
            Ok(_) => Ok(None),
        }
    }

    fn printable(&self, path: &Path) -> TreePath {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned()
    }
}

impl Met {
    fn collect(found: impl IntoIterator<Item = Found>) -> Self {
        let mut met = Self::default();
        let mut sources = Vec::new();
        for found in found {
            match found {
                Found::Source(path) => sources.push(path),
                Found::Unreadable(unreadable) => met.unreadable.push(unreadable),
            }
        }
        met.add(sources);
        met
    }

    /// Adds files of the tree that the walk need not have met.
    pub fn add(&mut self, paths: impl IntoIterator<Item = TreePath>) {
        self.paths.extend(paths);
        self.paths.par_sort_unstable();
        self.paths.dedup();
    }

    /// The second half of [`KernelTree::walk`], for what was met below `root`.
    pub fn look(&self, root: &Path) -> Walk {
        let (files, unreadable) = stamped(root, &self.paths);
        let mut walk = Walk { files, unreadable };
        walk.unreadable.extend_from_slice(&self.unreadable);
        let long = |file: &SourceFile| Unreadable {
            path: file.path.clone(),
            reason: format!("{} bytes long; at most {MAX_FILE_SIZE} are read", file.size()),
        };
        let too_long = walk.files.extract_if(.., |file| file.size() > MAX_FILE_SIZE);
        walk.unreadable.extend(too_long.map(|file| long(&file)));
        walk.unreadable.sort_unstable();
        walk.unreadable.dedup();
        walk
    }
}

fn is_left_out(entry: &DirEntry, excludes: &Gitignore) -> bool {
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    SKIPPED.iter().any(|skipped| entry.file_name() == *skipped)
        || excludes.matched(entry.path(), is_folder).is_ignore()
}

/// The path that a walk's error is about.
fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    /// A tree of empty files at `paths`.
    fn tree(paths: &[&str], kernel: Option<&str>) -> (TempDir, KernelTree) {
        let dir = tempfile::tempdir().expect("a folder");
        for path in paths {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, "").expect("a file");
        }
        let root = fs::canonicalize(dir.path()).expect("a path");
        let tree = KernelTree { root, kernel: kernel.map(str::to_owned), loop_macros: Vec::new() };
        (dir, tree)
    }

    fn walk(tree: &KernelTree, paths: &[&str], excludes: &[&str]) -> Walk {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let excludes: Vec<String> = excludes.iter().map(|&glob| glob.to_owned()).collect();
        tree.walk(&paths, &excludes).expect("a walk")
    }

    fn check(tree: &KernelTree, paths: &[&str], excludes: &[&str], expected: &[&str]) {
        let found = walk(tree, paths, excludes);
        let files: Vec<&str> = found.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(files, expected, "{paths:?} without {excludes:?}");
        assert_eq!(found.unreadable, []);
    }

    fn reason(tree: &KernelTree, path: &str) -> String {
        let found = walk(tree, &[], &[]);
        assert_eq!(found.files, []);
        let reasons =
            found.unreadable.iter().filter(|it| it.path == path).map(|it| it.reason.clone());
        reasons.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_kernel_is_walked_in_drivers_and_sound_and_any_other_tree_as_a_whole() {
        let paths = [
            "sound/b.c",
            "drivers/rtc/a.c",
            "drivers/rtc/a.h",
            "drivers/Makefile",
            "fs/c.c",
            "top.c",
        ];
        let (_dir, kernel) = tree(&paths, Some("6.1"));
        check(&kernel, &[], &[], &["drivers/rtc/a.c", "sound/b.c"]);
        let (_dir, other) = tree(&paths, None);
        check(&other, &[], &[], &["drivers/rtc/a.c", "fs/c.c", "sound/b.c", "top.c"]);
    }

    #[test]
    fn overlapping_paths_give_each_file_once() {
        let (_dir, tree) = tree(&["drivers/rtc/a.c", "drivers/b.c", "fs/c.c"], Some("6.1"));
        let paths = ["drivers/rtc/a.c", "drivers", "fs/../drivers/rtc"];
        check(&tree, &paths, &[], &["drivers/b.c", "drivers/rtc/a.c"]);
    }

    #[test]
    fn hidden_and_git_ignored_files_are_walked_and_the_tools_folders_are_not() {
        let (dir, tree) = tree(&[".x/a.c", "b.c", ".git/c.c", "d/.drvdedup/e.c"], None);
        fs::write(dir.path().join(".gitignore"), "b.c\n").expect("a file");
        check(&tree, &[], &[], &[".x/a.c", "b.c"]);
    }

    #[test]
    fn excludes_are_seen_from_the_top_and_do_not_touch_a_named_path() {
        let (_dir, tree) = tree(&["a/x.mod.c", "a/y.c", "staging/z.c", "a/staging/w.c"], None);
        check(&tree, &[], &["*.mod.c", "/staging/"], &["a/staging/w.c", "a/y.c"]);
        check(
            &tree,
            &["staging", "a/x.mod.c"],
            &["*.mod.c", "/staging/"],
            &["a/x.mod.c", "staging/z.c"],
        );
    }

    #[test]
    fn a_broken_exclude_is_named() {
        let (_dir, tree) = tree(&["a.c"], None);
        let error = tree.walk(&[], &["a{b".to_owned()]).expect_err("an error").to_string();
        assert!(error.contains("`a{b`"), "{error}");
    }

    #[test]
    fn a_path_outside_the_tree_or_missing_is_an_error_that_names_it() {
        let (_dir, tree) = tree(&["a.c"], None);
        let other = tempfile::tempdir().expect("a folder");
        let error =
            |path: &Path| tree.walk(&[path.to_path_buf()], &[]).expect_err("an error").to_string();
        let outside = error(other.path());
        assert!(
            outside.contains("lies outside the tree")
                && outside.contains(&*other.path().to_string_lossy())
        );
        assert_eq!(error(Path::new("no/where.c")), "no/where.c: no such file or folder");
    }

    #[test]
    fn links_that_lead_nowhere_in_circles_or_out_are_reported() {
        let (dir, tree) = tree(&[], None);
        let other = tempfile::tempdir().expect("a folder");
        let link =
            |target: &Path, name: &str| symlink(target, dir.path().join(name)).expect("a link");
        link(Path::new("gone.c"), "broken.c");
        link(Path::new("loop"), "loop");
        link(other.path(), "out");
        assert_eq!(reason(&tree, "broken.c"), "broken symbolic link to gone.c");
        assert!(reason(&tree, "loop").starts_with("symbolic link that cannot be followed: "));
        assert!(reason(&tree, "out").starts_with("symbolic link out of the tree, to "));
    }

    #[test]
    fn links_into_the_tree_are_passed_over() {
        let (dir, tree) = tree(&["a/x.c"], None);
        symlink("x.c", dir.path().join("a/y.c")).expect("a link");
        symlink(".", dir.path().join("a/again")).expect("a link");
        check(&tree, &[], &[], &["a/x.c"]);
    }

    #[test]
    fn what_cannot_be_read_as_source_is_reported() {
        let (dir, tree) = tree(&[], None);
        let huge = fs::File::create(dir.path().join("huge.c")).expect("a file");
        huge.set_len(MAX_FILE_SIZE + 1).expect("a sparse file");
        fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"\xff.c")), "").expect("a file");
        std::os::unix::net::UnixListener::bind(dir.path().join("socket.c")).expect("a socket");
        assert_eq!(reason(&tree, "huge.c"), "67108865 bytes long; at most 67108864 are read");
        assert_eq!(reason(&tree, "\u{fffd}.c"), "its name is not UTF-8");
        assert_eq!(reason(&tree, "socket.c"), "not a regular file");
    }

    #[test]
    fn sizes_are_in_bytes() {
        let (dir, tree) = tree(&[], None);
        fs::write(dir.path().join("a.c"), "int a;").expect("a file");
        assert_eq!(walk(&tree, &["a.c"], &[]).files[0].size(), 6);
    }
}
