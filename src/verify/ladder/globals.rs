//! Which names other objects of the kernel define for all: a function that becomes
//! visible to other files must have a name of its own, or a kernel in which both are
//! built in does not link. And which names they export to modules.

use crate::syntax::lexer::is_ident_byte;
use crate::syntax::{exports, split};
use crate::tree::{TreePath, read_source};
use ignore::WalkBuilder;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where assembly defines a function for all.
const ASSEMBLY: [&[u8]; 4] = [b"SYM_FUNC_START", b"SYM_CODE_START", b"SYM_TYPED_", b"ENTRY"];

/// What the compiler itself calls, by names that a macro of the kernel puts together.
const THUNKS: [&str; 2] = ["__x86_indirect_", "__x86_return_"];

/// The non-static functions of a tree and what it exports, read when they are first asked
/// for. Those whose names a macro puts together are not among them.
pub(super) struct Globals {
    root: PathBuf,
    read: OnceLock<Names>,
}

#[derive(Default)]
struct Names {
    definers: FxHashMap<String, Vec<TreePath>>,
    exported: FxHashSet<String>,
}

impl Globals {
    /// Of the tree at `root`.
    pub fn new(root: &Path) -> Globals {
        Globals { root: root.to_owned(), read: OnceLock::new() }
    }

    /// The files that define `name`, sorted.
    pub fn definers(&self, name: &str) -> &[TreePath] {
        self.names().definers.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether the tree exports `name` to modules.
    pub fn exports(&self, name: &str) -> bool {
        THUNKS.iter().any(|prefix| name.starts_with(prefix)) || self.names().exported.contains(name)
    }

    fn names(&self) -> &Names {
        self.read.get_or_init(|| self.read())
    }

    fn read(&self) -> Names {
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        let found: Vec<(TreePath, Vec<String>, Vec<String>)> = sources(&self.root)
            .into_par_iter()
            .map(|path| {
                // What cannot be read cannot be built either; and what it may export is
                // doubted then.
                let source = read_source(&path).unwrap_or_default();
                let place = path.strip_prefix(&self.root).unwrap_or(&path);
                let place = place.to_string_lossy().into_owned();
                let names = match path.extension().is_some_and(|it| it == "c") {
                    true => functions(&source),
                    false => assembled(&source),
                };
                (place, names, exports(&source).into_iter().map(text).collect())
            })
            .collect();
        let mut names = Names::default();
        for (path, defined, exported) in found {
            for name in defined {
                names.definers.entry(name).or_default().push(path.clone());
            }
            names.exported.extend(exported);
        }
        names.definers.values_mut().for_each(|paths| paths.sort_unstable());
        names
    }
}

/// The C and assembly files of a tree.
fn sources(root: &Path) -> Vec<PathBuf> {
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
