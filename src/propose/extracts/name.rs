//! What a part of several functions is called, as far as its statements say it.

use super::{Bodies, Piece};
use crate::plan::{align, names, words};
use crate::syntax::lexer;

/// Names for what the parts do, best first: where they are all that their functions do behind
/// the declarations, those for the functions.
pub(in crate::propose) fn candidates(
    bodies: &Bodies<'_>,
    members: &[&str],
    pieces: &[Piece],
) -> Vec<String> {
    let is_whole =
        |(index, range): &Piece| range.start == 0 && range.end == bodies.statements[*index].len();
    match pieces.iter().all(is_whole) {
        true => names::helper(members, &[]),
        false => names::part(members, &ending(bodies, members, pieces)),
    }
}

/// What the name of what the parts do ends in: what it calls, if that is one thing, else
/// where in the function it stands.
fn ending(bodies: &Bodies<'_>, names: &[&str], pieces: &[Piece]) -> String {
    let (first, range) = &pieces[0];
    let (member, statements) = (&bodies.parsed[*first], &bodies.statements[*first][range.clone()]);
    let file = member.file;
    let known: Vec<Vec<String>> = names.iter().map(|name| words::words(name)).collect();
    let known = words::common_words(&known);
    let mut called: Vec<Vec<String>> = Vec::new();
    let mut others = false;
    for at in statements.iter().flat_map(|statement| statement.tokens.clone()) {
        let is_call = file.text(at + 1) == b"("
            && align::is_ident(file, at)
            && !matches!(file.text(at - 1), b"." | b"->")
            && !lexer::is_keyword(file.text(at));
        let name = align::lossy(file.text(at));
        let all = words::words(&name);
        let is_aside = all.iter().any(|word| ASIDE.contains(&word.as_str()));
        // Of the driver: `writel` and `sprintf` say how, and not what.
        let is_own = all.first().is_some_and(|word| known.first() == Some(word));
        if is_call && !is_aside && !called.contains(&all) {
            others |= !is_own;
            called.push(all);
        }
    }
    if let [only] = called.as_slice()
        && !others
    {
        let new: Vec<&str> =
            only.iter().filter(|word| !known.contains(word)).map(String::as_str).collect();
        let most = &new[new.len().saturating_sub(2)..];
        if !most.is_empty() && most.concat().len() > 1 {
            return most.join("_");
        }
    }
    let is_end = |(index, range): &Piece| range.end == bodies.statements[*index].len();
    if pieces.iter().all(is_end) { "finish" } else { "common" }.to_owned()
}

/// Words of functions that say nothing of what their caller is for.
const ASIDE: [&str; 30] = [
    "alloc",
    "debug",
    "dbg",
    "err",
    "error",
    "free",
    "get",
    "info",
    "irqrestore",
    "irqsave",
    "is",
    "kfree",
    "kmalloc",
    "kzalloc",
    "le16",
    "le32",
    "lock",
    "max",
    "memcpy",
    "memset",
    "min",
    "print",
    "printk",
    "priv",
    "put",
    "sizeof",
    "to",
    "unlock",
    "warn",
    "zalloc",
];
