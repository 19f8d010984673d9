//! Blocks of statements that several functions of one driver repeat. In: the statement
//! hashes of the driver's functions. Out: candidates, to be compared token by token.

use super::group::Form;
use super::renaming::Renaming;
use super::spelling::spelled_like_a_constant;
use super::statements::Statement;
use crate::syntax::TokenKind;
use rustc_hash::{FxHashMap, FxHashSet};
use std::hash::Hasher;
use std::ops::Range;

/// Fewest statements of a block.
pub const FEWEST: usize = 5;

/// Fewest tokens of a block: less is a habit, not a copy.
const FEWEST_TOKENS: usize = 45;

/// A block that more functions than this begin with is boilerplate.
const MOST: usize = 24;

/// The same statements, by their hashes, in several functions: the function and the
/// number of the first statement there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// In the order of the functions.
    pub places: Vec<(usize, usize)>,
    /// Number of statements.
    pub length: usize,
}

/// The candidates among functions with these statement hashes; no statement is in two.
pub fn candidates(functions: &[&[u32]]) -> Vec<Candidate> {
    let mut starts: FxHashMap<u64, Vec<(usize, usize)>> = FxHashMap::default();
    for (function, hashes) in functions.iter().enumerate() {
        for (at, window) in hashes.windows(FEWEST).enumerate() {
            let mut hasher = rustc_hash::FxHasher::default();
            window.iter().for_each(|&hash| hasher.write_u32(hash));
            starts.entry(hasher.finish()).or_default().push((function, at));
        }
    }
    let mut found: Vec<Candidate> = starts
        .into_values()
        .filter_map(|mut places| {
            // One place a function.
            places.sort_unstable();
            places.dedup_by_key(|place| place.0);
            (2..=MOST).contains(&places.len()).then(|| extended(functions, places))
        })
        .collect();
    found.sort_unstable_by(|a, b| {
        let saved = |c: &Candidate| c.length * (c.places.len() - 1);
        saved(b).cmp(&saved(a)).then_with(|| a.places.cmp(&b.places))
    });
    let mut claimed: FxHashSet<(usize, usize)> = FxHashSet::default();
    found.retain_mut(|candidate| {
        let length = candidate.length;
        let free = |&(function, start): &(usize, usize)| {
            (start..start + length).all(|at| !claimed.contains(&(function, at)))
        };
        candidate.places.retain(free);
        let kept = candidate.places.len() > 1;
        if kept {
            for &(function, start) in &candidate.places {
                claimed.extend((start..start + length).map(|at| (function, at)));
            }
        }
        kept
    });
    found
}

/// As many statements as all places have in common.
fn extended(functions: &[&[u32]], places: Vec<(usize, usize)>) -> Candidate {
    let at = |length: usize| {
        let mut hashes =
            places.iter().map(|&(function, start)| functions[function].get(start + length));
        let first = hashes.next().flatten();
        first.is_some() && hashes.all(|hash| hash == first)
    };
    let length = (0..).take_while(|&length| at(length)).count();
    Candidate { places, length }
}

/// A block as tokens of one function.
pub struct Block<'f, 'a> {
    /// The function.
    pub form: &'f Form<'a>,
    /// Its tokens.
    pub tokens: Range<usize>,
}

/// The blocks of a candidate that are the same but for constants and the names of
/// locals; `starts` tells the first statement in each function.
pub fn verified<'f, 'a>(
    forms: &'f [Form<'a>],
    starts: &[usize],
    length: usize,
) -> Vec<Block<'f, 'a>> {
    let parts: Vec<Vec<Statement>> = forms.iter().map(Form::statements).collect();
    let Some((first, start)) = parts.first().zip(starts.first()) else { return Vec::new() };
    let Some(length) = complete(first, *start, length) else { return Vec::new() };
    let block = |(form, (part, start)): (&'f Form<'a>, (&Vec<Statement>, &usize))| {
        let part = part.get(*start..start + length)?;
        let tokens = part.first()?.tokens.start..part.last()?.tokens.end;
        Some(Block { form, tokens })
    };
    let blocks: Option<Vec<Block>> =
        forms.iter().zip(parts.iter().zip(starts)).map(block).collect();
    let Some(mut blocks) = blocks.filter(|blocks| !blocks.is_empty()) else { return Vec::new() };
    let others = blocks.split_off(1);
    let head = &blocks[0];
    let acting =
        first[*start..start + length].iter().filter(|s| !declares(head.form, &s.tokens)).count();
    let same: Vec<Block> = others.into_iter().filter(|other| is_same(head, other)).collect();
    if same.is_empty() || acting < FEWEST || head.tokens.len() < FEWEST_TOKENS {
        return Vec::new();
    }
    blocks.extend(same);
    blocks
}

/// How many of `length` statements from `start` on are whole ones of one block: none of
/// them is what an `if` before them decides, and all blocks that they open are closed.
fn complete(all: &[Statement], start: usize, length: usize) -> Option<usize> {
    let block = all.get(start..start + length)?;
    let first = block.first()?;
    if first.controlled {
        return None;
    }
    let within = |s: &&Statement| s.depth > first.depth || s.block == first.block;
    let inside = block.iter().take_while(within).count();
    (FEWEST..=inside).rev().find(|&length| {
        let last = &block[length - 1];
        let after = all.get(start + length);
        let closed =
            last.depth == first.depth || after.is_none_or(|after| after.depth <= first.depth);
        let decides = after.is_some_and(|after| after.controlled || after.depth > last.depth);
        closed && !decides
    })
}

/// Whether the statement declares something: functions begin alike.
fn declares(form: &Form, tokens: &Range<usize>) -> bool {
    let word = |offset: usize| {
        let at = tokens.start + offset;
        let is_word = at < tokens.end && form.tokens[at].kind == TokenKind::Ident;
        is_word.then(|| form.text(at)).filter(|word| !is_jump(word))
    };
    let starred = tokens.len() > 2 && form.text(tokens.start + 1) == b"*" && word(2).is_some();
    word(0).is_some() && (word(1).is_some() || starred)
}

fn is_jump(word: &[u8]) -> bool {
    matches!(
        word,
        b"return" | b"goto" | b"case" | b"if" | b"for" | b"while" | b"switch" | b"sizeof"
    )
}

/// Whether the two differ in constants, in no more than half of them, and, one to one,
/// in names of their own.
fn is_same(a: &Block, b: &Block) -> bool {
    if a.tokens.len() != b.tokens.len() {
        return false;
    }
    let constants = || a.tokens.clone().filter(|&at| sort_of(a.form, at) == Sort::Constant);
    let there = |at: usize| b.form.text(b.tokens.start + (at - a.tokens.start));
    let equal = constants().filter(|&at| a.form.text(at) == there(at)).count();
    if equal * 2 < constants().count() {
        return false;
    }
    let mut renaming = Renaming::default();
    a.tokens.clone().zip(b.tokens.clone()).all(|(x, y)| {
        let (sort, other) = (sort_of(a.form, x), sort_of(b.form, y));
        let (x, y) = (a.form.text(x), b.form.text(y));
        sort == other
            && match sort {
                Sort::Constant | Sort::Text => true,
                Sort::Name => renaming.pair(x, y),
                Sort::Fixed => x == y,
            }
    })
}

/// What may differ at a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A number, or a name spelled like a constant.
    Constant,
    /// A string.
    Text,
    /// A name that may be a local.
    Name,
    /// Nothing.
    Fixed,
}

/// What the token at `at` may differ in.
pub fn sort_of(form: &Form, at: usize) -> Sort {
    let text = form.text(at);
    match form.tokens[at].kind {
        TokenKind::Number | TokenKind::Char => Sort::Constant,
        TokenKind::Str => Sort::Text,
        TokenKind::Ident => {
            let before = at.checked_sub(1).map_or(&b""[..], |before| form.text(before));
            let fixed = form.text(at + 1) == b"("
                || matches!(before, b"." | b"->" | b"struct" | b"union" | b"enum" | b"goto")
                || crate::syntax::lexer::is_keyword(text);
            match () {
                () if fixed => Sort::Fixed,
                () if spelled_like_a_constant(text) => Sort::Constant,
                () => Sort::Name,
            }
        }
        _ => Sort::Fixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_common_block_is_one_candidate() {
        let a: Vec<u32> = vec![9, 1, 2, 3, 4, 5, 6, 8];
        let b: Vec<u32> = vec![1, 2, 3, 4, 5, 6, 7];
        let found = candidates(&[&a, &b]);
        assert_eq!(found, [Candidate { places: vec![(0, 1), (1, 0)], length: 6 }]);
        assert_eq!(candidates(&[&a[..5], &b]), []);
    }

    #[test]
    fn no_statement_is_in_two_blocks() {
        let a: Vec<u32> = (0..12).collect();
        let (b, c): (Vec<u32>, Vec<u32>) = ((0..7).collect(), (5..12).collect());
        let found = candidates(&[&a, &b, &c]);
        let of_a: usize = found.iter().map(|c| c.length).sum();
        assert!(of_a <= 12, "{found:?}");
        assert_eq!(found[0].length, 7);
    }
}
