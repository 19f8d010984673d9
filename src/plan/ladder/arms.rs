//! What a ladder says, whichever way it is written: which keys give which values, where
//! these go, and what is done for all other keys. Goes by the tokens.

use crate::plan::FileContext;
use crate::plan::align::is_ident;
use crate::plan::uses::closing;
use std::ops::Range;

/// How a ladder is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `switch (key) { case A: …`
    Switch,
    /// `if (key == A) … else if (key == B) …`, or without the `else` where all return.
    Branches,
    /// `key == A ? … : key == B ? … : …`
    Choices,
}

/// Arms each of which gives one value, for other keys of the same variable.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// How it is written.
    pub form: Form,
    /// Its first token.
    pub start: usize,
    /// Its last token.
    pub end: usize,
    /// The tokens of the variable that it is about, or of the path to a member.
    pub key: Range<usize>,
    /// The byte from which on comments are those of the arms.
    pub inside: usize,
    /// Its arms, but the default one.
    pub arms: Vec<Arm>,
    /// What the values are assigned to; nothing where they are returned.
    pub sink: Option<Range<usize>>,
    /// What is done for all other keys, without the `break` at its end; `None` where
    /// there is no default arm. Of [`Form::Choices`] only the value.
    pub default: Option<Range<usize>>,
}

/// Keys and the value for all of them.
#[derive(Clone, Debug)]
pub struct Arm {
    /// The tokens of each key: between `case` and its colon, or behind `==`.
    pub labels: Vec<Range<usize>>,
    /// The tokens of the value.
    pub value: Range<usize>,
    /// All its tokens, from the first `case`, `if` or `else` to the end of its last
    /// statement.
    pub tokens: Range<usize>,
}

impl Ladder {
    /// Whether the arms give their values to `sink`, too.
    pub fn is_sink(&self, file: &FileContext, sink: &Option<Range<usize>>) -> bool {
        match (sink, &self.sink) {
            (Some(one), Some(other)) => is_same(file, one, other),
            (None, None) => true,
            _ => false,
        }
    }
}

/// Whether two runs of tokens have the same texts.
pub fn is_same(file: &FileContext, one: &Range<usize>, other: &Range<usize>) -> bool {
    one.len() == other.len()
        && one.clone().zip(other.clone()).all(|(a, b)| file.text(a) == file.text(b))
}

/// The tokens of a variable, or of the path to a member, that begins at token `at`.
pub fn path(file: &FileContext, at: usize) -> Option<Range<usize>> {
    if !is_ident(file, at) {
        return None;
    }
    let mut end = at + 1;
    while matches!(file.text(end), b"." | b"->") && is_ident(file, end + 1) {
        end += 2;
    }
    Some(at..end)
}

/// What one statement gives: a semicolon stands behind the value.
#[derive(Clone, Debug)]
pub struct Given {
    /// What it is assigned to; nothing where it is returned.
    pub sink: Option<Range<usize>>,
    /// The tokens of the value.
    pub value: Range<usize>,
}

/// Reads `return value;` or `sink = value;` at token `at`.
///
/// # Errors
/// The token at which it is something else, and what.
pub fn given(file: &FileContext, at: usize) -> Result<Given, (usize, &'static str)> {
    let (sink, from) = match file.text(at) {
        b"return" => (None, at + 1),
        _ => match path(file, at).filter(|sink| file.text(sink.end) == b"=") {
            Some(sink) => (Some(sink.clone()), sink.end + 1),
            None => return Err((at, "an arm does more than give a value")),
        },
    };
    let mut end = from;
    while file.text(end) != b";" {
        if end >= file.tokens.len() || matches!(file.text(end), b"{" | b"}" | b"=" | b"?" | b",") {
            return Err((end.min(file.tokens.len() - 1), "a value is no constant"));
        }
        end += 1;
    }
    match from == end {
        true => Err((end, "a value is missing")),
        false => Ok(Given { sink, value: from..end }),
    }
}

/// Whether the last of some statements is a `return` or a `goto`.
pub fn leaves(file: &FileContext, tokens: Range<usize>) -> bool {
    let Some(last) = tokens.end.checked_sub(1).filter(|at| tokens.contains(at)) else {
        return false;
    };
    if file.text(last) != b";" {
        return false;
    }
    let before = (tokens.start..last).rev().find(|&at| matches!(file.text(at), b";" | b"{" | b"}"));
    let first = before.map_or(tokens.start, |at| at + 1);
    matches!(file.text(first), b"return" | b"goto")
}

/// The number of statements at the top of `tokens`.
pub fn statements(file: &FileContext, tokens: Range<usize>) -> usize {
    let mut at = tokens.start;
    let (mut depth, mut count) = (0usize, 0);
    while at < tokens.end {
        match file.text(at) {
            b"(" => at = closing(file, at).unwrap_or(at),
            b"{" => depth += 1,
            b"}" => {
                depth = depth.saturating_sub(1);
                count += usize::from(depth == 0);
            }
            b";" if depth == 0 => count += 1,
            _ => {}
        }
        at += 1;
    }
    count
}
