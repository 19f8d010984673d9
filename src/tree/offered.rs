//! The files of the kernel whose functions drivers may use instead of their own.

use super::path::inside;
use super::{KernelTree, MAX_FILE_SIZE, SourceFile, TreePath, stamped};
use ignore::{DirEntry, WalkBuilder};

/// Folders with functions for all, and the suffix of the files that hold them.
const FOLDERS: [(&str, &str); 5] =
    [("include", "h"), ("kernel", "c"), ("lib", "c"), ("mm", "c"), ("net", "c")];

impl KernelTree {
    /// The headers below `include` and the sources of the kernel's libraries, sorted;
    /// none outside a kernel tree. What cannot be read is left out: it was not asked
    /// for.
    pub fn offered(&self) -> Vec<SourceFile> {
        if self.kernel.is_none() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (folder, suffix) in FOLDERS {
            let mut walk = WalkBuilder::new(self.root.join(folder));
            walk.standard_filters(false).follow_links(false);
            let entries = walk.build().flatten();
            found.extend(entries.filter_map(|entry| self.source(&entry, suffix)));
        }
        found.sort_unstable();
        // What cannot be looked at was not asked for.
        let (mut files, _) = stamped(&self.root, &found);
        files.retain(|file| file.size() <= MAX_FILE_SIZE);
        files
    }

    fn source(&self, entry: &DirEntry, suffix: &str) -> Option<TreePath> {
        let named = entry.path().extension().is_some_and(|it| it == suffix);
        if !named || !entry.file_type()?.is_file() {
            return None;
        }
        inside(&self.root, entry.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_library_sources_are_offered_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        for path in ["include/linux/a.h", "include/linux/b.c", "lib/c.c", "lib/d.h", "drivers/e.c"]
        {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "int x;\n").expect("a file");
        }
        let mut tree = KernelTree {
            root: dir.path().to_owned(),
            kernel: Some("6.1".into()),
            loop_macros: vec![],
        };
        let paths: Vec<String> = tree.offered().into_iter().map(|file| file.path).collect();
        assert_eq!(paths, ["include/linux/a.h", "lib/c.c"]);
        tree.kernel = None;
        assert!(tree.offered().is_empty());
    }
}
