//! Finding the top of the tree.

use super::clang_format::loop_macros;
use super::{KernelTree, TreeError, read_regular};
use std::fs;
use std::path::{Path, PathBuf};

impl KernelTree {
    /// The tree whose top is `explicit`, or else the kernel tree that `start` lies
    /// in, or else the folder `start` itself (the folder of `start`, where that is
    /// a file). `kernel` is `None` where the top is not that of a kernel.
    ///
    /// # Errors
    /// Where `start`, `explicit`, or the tree's Makefile or `.clang-format` is
    /// missing or cannot be read, or `explicit` is not a folder.
    pub fn discover(start: &Path, explicit: Option<&Path>) -> Result<Self, TreeError> {
        let root = match explicit {
            Some(top) => folder(top)?,
            None => {
                let start = canonical(start)?;
                let start =
                    if start.is_dir() { start.as_path() } else { start.parent().unwrap_or(&start) };
                let top = start.ancestors().find(|folder| kernel_version(folder).is_some());
                top.unwrap_or(start).to_path_buf()
            }
        };
        // Listing it is the one way to know that a folder can be read.
        fs::read_dir(&root).map_err(|source| TreeError::from_io(root.clone(), source))?;
        Ok(Self { kernel: kernel_version(&root), loop_macros: read_loop_macros(&root)?, root })
    }
}

fn canonical(path: &Path) -> Result<PathBuf, TreeError> {
    fs::canonicalize(path).map_err(|source| TreeError::from_io(path.to_path_buf(), source))
}

fn folder(path: &Path) -> Result<PathBuf, TreeError> {
    let top = canonical(path)?;
    if top.is_dir() { Ok(top) } else { Err(TreeError::NotAFolder(path.to_path_buf())) }
}

/// The version of the kernel whose top is `folder`, if it is one: a Makefile that
/// sets `VERSION`, a Kbuild or Kconfig file, and drivers. A hand-made tree of only
/// these is as good as a whole kernel.
fn kernel_version(folder: &Path) -> Option<String> {
    let has_file = |name: &str| folder.join(name).is_file();
    let has_folder = |name: &str| folder.join(name).is_dir();
    let is_top = has_file("Makefile")
        && (has_file("Kbuild") || has_file("Kconfig"))
        && (has_folder("drivers") || has_folder("sound"));
    if !is_top {
        return None;
    }
    version(&String::from_utf8_lossy(&fs::read(folder.join("Makefile")).ok()?))
}

/// What `make kernelversion` would print for this Makefile.
fn version(makefile: &str) -> Option<String> {
    let value = |key: &str| {
        makefile.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            let name = name.trim_end_matches([':', '?']).trim();
            (name == key).then(|| value.trim()).filter(|value| !value.is_empty())
        })
    };
    let number =
        |key: &str| value(key).filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
    let parts = [Some(number("VERSION")?), number("PATCHLEVEL"), number("SUBLEVEL")];
    let numbers: Vec<&str> = parts.into_iter().map_while(|part| part).collect();
    Some(numbers.join(".") + value("EXTRAVERSION").unwrap_or_default())
}

fn read_loop_macros(root: &Path) -> Result<Vec<String>, TreeError> {
    let path = root.join(".clang-format");
    match read_regular(&path) {
        Ok(bytes) => Ok(loop_macros(&String::from_utf8_lossy(&bytes))),
        Err(source) => match TreeError::from_io(path, source) {
            TreeError::Missing(_) => Ok(Vec::new()),
            error => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn small_kernel() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        write(
            dir.path(),
            "Makefile",
            "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 9\nEXTRAVERSION = -rc2\n",
        );
        write(dir.path(), "Kconfig", "");
        write(dir.path(), ".clang-format", "ForEachMacros:\n  - 'for_each_x'\n");
        write(dir.path(), "drivers/rtc/a.c", "");
        dir
    }

    #[test]
    fn the_top_is_found_from_a_folder_or_a_file_below_it() {
        let dir = small_kernel();
        let root = fs::canonicalize(dir.path()).expect("a path");
        for start in ["", "drivers/rtc", "drivers/rtc/a.c"] {
            let tree = KernelTree::discover(&dir.path().join(start), None).expect("a tree");
            assert_eq!(tree.root, root, "{start}");
            assert_eq!(tree.kernel.as_deref(), Some("6.1.9-rc2"));
            assert_eq!(tree.loop_macros, ["for_each_x"]);
        }
    }

    #[test]
    fn outside_a_kernel_the_folder_itself_is_the_top() {
        let dir = tempfile::tempdir().expect("a folder");
        write(dir.path(), "src/a.c", "");
        let tree = KernelTree::discover(&dir.path().join("src"), None).expect("a tree");
        assert_eq!(tree.root, fs::canonicalize(dir.path().join("src")).expect("a path"));
        assert_eq!((tree.kernel, tree.loop_macros), (None, Vec::new()));
    }

    #[test]
    fn an_explicit_top_is_taken_as_it_is() {
        let dir = small_kernel();
        let top = dir.path().join("drivers");
        let tree = KernelTree::discover(dir.path(), Some(&top)).expect("a tree");
        assert_eq!(tree.root, fs::canonicalize(&top).expect("a path"));
        assert_eq!(tree.kernel, None);
    }

    #[test]
    fn a_missing_path_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let missing = dir.path().join("nowhere");
        let error = KernelTree::discover(&missing, None).expect_err("an error").to_string();
        assert!(error.contains("nowhere: no such file"), "{error}");
        let error =
            KernelTree::discover(dir.path(), Some(&missing)).expect_err("an error").to_string();
        assert!(error.contains("nowhere: no such file"), "{error}");
    }

    #[test]
    fn an_explicit_file_is_not_a_top() {
        let dir = small_kernel();
        let error = KernelTree::discover(dir.path(), Some(&dir.path().join("Kconfig")))
            .expect_err("an error");
        assert!(matches!(error, TreeError::NotAFolder(_)), "{error}");
    }

    #[test]
    fn a_version_has_the_parts_that_the_makefile_sets() {
        let check = |makefile, expected: Option<&str>| {
            assert_eq!(version(makefile).as_deref(), expected, "{makefile}")
        };
        check("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\nEXTRAVERSION =\n", Some("6.1.192"));
        check("VERSION := 5\nPATCHLEVEL = 4\n", Some("5.4"));
        check("VERSION = 6\n", Some("6"));
        check("VERSION = $(shell git describe)\n", None);
        check("all:\n", None);
    }
}
