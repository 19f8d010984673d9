//! The equal-length mask. In: the text of one function. Out: text of the same
//! length, newlines in place, in which what tree-sitter-c cannot know is
//! replaced by something that it can parse. Nobody but the parser ever sees the
//! result, and it never makes C of what is no C: braces, parentheses and
//! statements that are missing stay missing.
//!
//! Names, literals and calls keep their offsets, so that a node of the tree says
//! what context a token of the file stands in.

mod arguments;
mod canvas;
mod conditionals;
mod literals;
mod specifiers;
mod statements;
#[cfg(test)]
mod tests;
mod words;

pub use conditionals::Branch;
pub(super) use words::is_typeof;
pub(crate) use words::{is_attribute, is_attribute_call, looks_like_attribute};

use canvas::Canvas;
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
        let named = |part: &[u8]| memchr::memmem::find(name, part).is_some();
        self.0.contains(name) || named(b"for_each") || named(b"foreach") || named(b"FOR_EACH")
    }
}

/// `text` with everything masked that the grammar does not know.
pub fn mask(text: &[u8], loops: &LoopMacros) -> Vec<u8> {
    // Blanked attributes must not stand between words that belong together:
    // each round reads what the one before has left.
    let mut canvas = Canvas::new(text);
    specifiers::known_attributes(&mut canvas);
    statements::lone_macros(&mut canvas);
    let text = canvas.finish();

    let mut canvas = Canvas::new(&text);
    specifiers::unknown_attributes(&mut canvas);
    specifiers::typeof_types(&mut canvas);
    literals::asm_macros(&mut canvas);
    let text = canvas.finish();

    let mut canvas = Canvas::new(&text);
    specifiers::macro_signature(&mut canvas);
    specifiers::macro_declarations(&mut canvas);
    specifiers::initialised_macros(&mut canvas);
    specifiers::declarators(&mut canvas);
    arguments::call_arguments(&mut canvas);
    literals::string_macros(&mut canvas);
    literals::case_ranges(&mut canvas);
    literals::pasted_numbers(&mut canvas);
    literals::label_addresses(&mut canvas);
    literals::nested_offsetof(&mut canvas);
    literals::alignof_expressions(&mut canvas);
    statements::macro_conditions(&mut canvas);
    statements::macro_statements(&mut canvas, loops);
    let mut text = canvas.finish();
    // Bytes that are not ASCII stand in comments and strings; the file's
    // encoding must not decide whether it parses.
    text.iter_mut().filter(|b| !b.is_ascii()).for_each(|b| *b = b'_');
    text
}

/// `text` with every directive blanked, and every branch of every `#if` but one.
pub fn keep_branch(text: &[u8], branch: Branch) -> Vec<u8> {
    let mut canvas = Canvas::new(text);
    conditionals::keep_branch(&mut canvas, branch);
    canvas.finish()
}
