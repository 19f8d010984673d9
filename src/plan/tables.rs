//! Where a table stands that takes the place of code, and what it is called: the same for a
//! `switch` and for repeated statements.

use super::align::{self, AlignedMember, lossy};
use super::{FileContext, OpenFile, uses};
use crate::detect::{CloneGroup, Member};
use crate::syntax::decl::TagKind;
use crate::syntax::lexer;
use std::ops::Range;

/// Names for an index, in the order in which they are tried.
const INDICES: &[&str] = &["i", "j", "k", "n", "idx"];

/// The function that all members of a group, runs of statements, lie in.
pub fn whole(file: &FileContext, group: &CloneGroup) -> Option<Member> {
    let first = &group.members[0];
    let function = file.function_at(first.function.start)?.clone();
    let is_in_it = |it: &Member| {
        it.file == first.file && function.range().contains(&(it.function.start as usize))
    };
    group.members.iter().all(is_in_it).then(|| Member { function, ..first.clone() })
}

/// Whether a comment, as far as its line shows it, is whole: beside a row it would else hide
/// what follows.
pub fn is_one_line(comment: &[u8]) -> bool {
    !comment.contains(&b'\n') && (!comment.starts_with(b"/*") || comment.ends_with(b"*/"))
}

/// A name for several of `base` that means nothing yet in the function and its file.
pub fn free_name(open: &OpenFile, parsed: &AlignedMember<'_>, base: &str) -> Option<String> {
    let file = &open.context;
    let plural = match base.as_bytes() {
        [.., b's' | b'x'] => format!("{base}_table"),
        [.., c, b'y'] if !b"aeiou".contains(c) => format!("{}ies", &base[..base.len() - 1]),
        _ => format!("{base}s"),
    };
    let candidates =
        [plural, format!("{base}_table"), "lookup".to_owned(), "lookup_table".to_owned()];
    let is_free = |name: &&String| {
        !parsed.tokens.clone().any(|at| file.text(at) == name.as_bytes())
            && !file.is_macro_or_type(name)
            && file.is_new_name(name)
            && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
    };
    candidates.iter().find(is_free).cloned()
}

/// An index that is nothing yet in the function, nor in a macro that the tokens `reading`,
/// among which it comes to stand, use.
pub fn free_index(parsed: &AlignedMember<'_>, reading: Range<usize>) -> Option<String> {
    let file = parsed.file;
    let is_free = |name: &&&str| {
        let in_function = parsed.tokens.clone().any(|at| file.text(at) == name.as_bytes());
        !in_function && !is_in_macros(file, reading.clone(), name) && !file.is_macro_or_type(name)
    };
    INDICES.iter().find(is_free).map(|name| (*name).to_owned())
}

/// Whether a macro that the tokens use has the word in it: a variable of the macro's own would
/// be taken for ours.
pub fn is_in_macros(file: &FileContext, mut tokens: Range<usize>, name: &str) -> bool {
    tokens.any(|at| {
        align::is_ident(file, at) && {
            let text = uses::expansion(file, &lossy(file.text(at)));
            lexer::contains_word(text.as_bytes(), name.as_bytes())
        }
    })
}

/// A tag for rows of several members that means nothing yet in the file.
pub fn free_tag(file: &FileContext, base: &str) -> Option<String> {
    let is_free = |tag: &String| {
        file.unit.lookup_tag(TagKind::Struct, tag).is_empty()
            && !file.mentions(tag.as_bytes())
            && !file.is_macro_or_type(tag)
    };
    [base.to_owned(), format!("{base}_row")].into_iter().find(is_free)
}

/// The line behind the last declaration at the top of the function's body.
pub fn behind_declarations(parsed: &AlignedMember<'_>) -> Option<usize> {
    let (file, tree) = (parsed.file, &parsed.tree);
    let body = tree.of_kind("compound_statement").next()?;
    let statements = tree.children(body).filter(|&id| {
        let node = tree.node(id);
        node.named && node.kind != "comment"
    });
    let last = statements.take_while(|&id| tree.node(id).kind == "declaration").last();
    let end = match last {
        Some(last) => tree.node(last).range.end as usize,
        None => tree.node(body).range.start as usize + 1,
    };
    let at = file.line_end(end - 1);
    let rest = &file.bytes[end..at];
    let is_clear = file.is_blank(end..at)
        || rest.trim_ascii().starts_with(b"/*") && rest.trim_ascii().ends_with(b"*/");
    is_clear.then_some(at)
}

/// Before which line of the function's body the array is declared, and whether what stands
/// there is no declaration.
pub fn place(parsed: &AlignedMember<'_>) -> Option<(usize, bool)> {
    let (file, tree) = (parsed.file, &parsed.tree);
    let body = tree.of_kind("compound_statement").next()?;
    let brace = tree.node(body).range.start as usize;
    let at = file.line_end(brace);
    if !file.is_blank(brace + 1..at) {
        return None;
    }
    let first = tree.children(body).find(|&id| {
        let node = tree.node(id);
        node.named && node.kind != "comment"
    })?;
    Some((at, tree.node(first).kind != "declaration"))
}

/// Whether what stands behind token `end` ends its block, or begins a paragraph already.
pub fn ends_block(file: &FileContext, end: usize) -> bool {
    let at = file.line_end(file.tokens[end].end as usize - 1);
    let is_apart = at < file.bytes.len() && file.is_blank(at..file.line_end(at));
    is_apart || matches!(file.text(end + 1), b"}" | b"break")
}
