//! Which names other objects of the kernel define for all: a function that becomes
//! visible to other files must have a name of its own, or a kernel in which both are
//! built in does not link.

use crate::syntax::lexer::is_ident_byte;
use crate::syntax::split;
use crate::tree::{TreePath, read_source};
use ignore::WalkBuilder;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where assembly defines a function for all.
const ASSEMBLY: [&[u8]; 4] = [b"SYM_FUNC_START", b"SYM_CODE_START", b"SYM_TYPED_", b"ENTRY"];

/// The non-static functions of a tree, read when they are first asked for. Those whose
/// names a macro puts together are not among them.
pub(super) struct Globals {
    root: PathBuf,
    names: OnceLock<FxHashMap<String, Vec<TreePath>>>,
}

impl Globals {
    /// Of the tree at `root`.
    pub fn new(root: &Path) -> Globals {
        Globals { root: root.to_owned(), names: OnceLock::new() }
    }

    /// The files that define `name`, sorted.
    pub fn definers(&self, name: &str) -> &[TreePath] {
        self.names.get_or_init(|| self.read()).get(name).map_or(&[], Vec::as_slice)
    }

    fn read(&self) -> FxHashMap<String, Vec<TreePath>> {
        let found: Vec<(String, TreePath)> = sources(&self.root)
            .into_par_iter()
            .flat_map_iter(|path| {
                // What cannot be read cannot be built either.
                let source = read_source(&path).unwrap_or_default();
                let place = path.strip_prefix(&self.root).unwrap_or(&path);
                let place = place.to_string_lossy().into_owned();
                let names = match path.extension().is_some_and(|it| it == "c") {
                    true => functions(&source),
                    false => assembled(&source),
                };
                names.into_iter().map(move |name| (name, place.clone()))
            })
            .collect();
        let mut names: FxHashMap<String, Vec<TreePath>> = FxHashMap::default();
        found.into_iter().for_each(|(name, path)| names.entry(name).or_default().push(path));
        names.values_mut().for_each(|paths| paths.sort_unstable());
        names
    }
}

/// The C and assembly files of a tree.
pub(super) fn sources(root: &Path) -> Vec<PathBuf> {
    let mut walk = WalkBuilder::new(root);
    walk.standard_filters(false).filter_entry(|entry| entry.file_name() != ".git");
    let paths = walk.build().flatten().map(ignore::DirEntry::into_path);
    let is_source = |path: &PathBuf| path.extension().is_some_and(|it| it == "c" || it == "S");
    paths.filter(is_source).collect()
}

fn functions(source: &[u8]) -> Vec<String> {
    let (functions, _) = split::functions(source);
    let global = functions.iter().filter(|function| {
        let head = function.start as usize..function.name.start as usize;
        let head = source.get(head).unwrap_or_default();
        let mut words = head.split(|byte| !is_ident_byte(*byte));
        !function.disabled && !words.any(|word| word == b"static")
    });
    global.map(|it| String::from_utf8_lossy(it.name(source)).into_owned()).collect()
}

fn assembled(source: &[u8]) -> Vec<String> {
    let lines = source.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_start);
    let names = lines.filter(|line| ASSEMBLY.iter().any(|it| line.starts_with(it)));
    let names = names.filter_map(|line| {
        let rest = line.get(memchr::memchr(b'(', line)? + 1..)?;
        let end = rest.iter().position(|byte| !is_ident_byte(*byte)).unwrap_or(rest.len());
        Some(String::from_utf8_lossy(rest.get(..end)?).into_owned())
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_all_see_are_known_by_their_files() {
        let tree = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(tree.path().join("d")).expect("a folder");
        for (name, text) in [
            ("d/a.c", "static int own(void)\n{\n}\nint shown(void)\n{\n}\nint said(void);\n"),
            ("d/b.c", "#if 0\nint shown(void)\n{\n}\n#endif\nint\nshown(int x)\n{\n}\n"),
            ("c.S", "\tSYM_FUNC_START(fast)\n/* own */\nENTRY(old)\n"),
            ("d/c.h", "int inlined(void)\n{\n}\n"),
        ] {
            std::fs::write(tree.path().join(name), text).expect("a file");
        }
        let globals = Globals::new(tree.path());
        assert_eq!(globals.definers("shown"), ["d/a.c", "d/b.c"]);
        assert_eq!(
            (globals.definers("fast"), globals.definers("old")),
            (&["c.S".to_owned()][..], &["c.S".to_owned()][..])
        );
        for name in ["own", "said", "inlined", "void"] {
            assert_eq!(globals.definers(name), [""; 0], "{name}");
        }
    }
}
