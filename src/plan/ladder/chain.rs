//! Reads a chain of comparisons of one variable with constants, of which the first that
//! holds gives its value: `if (x == A) r = 1; else if (x == B) r = 2;`, the same with
//! `return` and perhaps without `else`, and `r = x == A ? 1 : x == B ? 2 : 0`. Goes by the
//! tokens.

use super::arms::{Arm, Form, Ladder, given, is_same, path};
use crate::plan::FileContext;
use crate::plan::align::is_ident;
use crate::plan::refusal::{Reason, Refusal};
use crate::plan::uses::closing;
use crate::syntax::TokenKind;
use std::ops::Range;

/// Reads the chain in the function of tokens `function` that an arm at token `first` belongs
/// to; `None` where it belongs to none.
///
/// # Errors
/// `ladder-arms`, `ladder-key`, `directive-in-body`.
pub fn around(
    file: &FileContext,
    function: Range<usize>,
    first: usize,
) -> Option<Result<Ladder, Refusal>> {
    let read = match file.text(first) {
        b"if" => {
            let arm = branch(file, first)?;
            let is_next_else = file.text(arm.tokens.end) == b"else";
            let is_else = file.text(first - 1) == b"else";
            // Assignments one after the other are no chain: several may be made.
            if arm.sink.is_some() && !is_else && !is_next_else {
                return None;
            }
            branches(file, head(file, function.start, first))
        }
        _ => {
            let before = |&at: &usize| matches!(file.text(at), b";" | b"{" | b"}");
            choices(file, (function.start..first).rev().find(before)? + 1)?
        }
    };
    Some(read.and_then(|chain| checked(file, chain)))
}

/// Whether token `first` begins an arm that returns and is bound to no other by an `else`: one
/// such behind the other may be repeated by a loop as well.
pub fn stands_alone(file: &FileContext, first: usize) -> bool {
    let is_else = |at: usize| file.text(at) == b"else";
    branch(file, first)
        .is_some_and(|arm| arm.sink.is_none() && !is_else(first - 1) && !is_else(arm.tokens.end))
}

/// What holds for both forms.
fn checked(file: &FileContext, chain: Ladder) -> Result<Ladder, Refusal> {
    let refuse = |reason, at: usize, detail: &str| {
        Err(file.refuse(reason, file.tokens[at].start, detail.to_owned()))
    };
    let is_directive = |&at: &usize| file.tokens[at].kind == TokenKind::Directive;
    if let Some(at) = (chain.start..chain.end).find(is_directive) {
        return refuse(Reason::DirectiveInBody, at, "a directive stands between the arms");
    }
    // What stands behind the last statement on its line is about that one.
    let end = file.tokens[chain.end].end as usize;
    let stays_last = chain.sink.is_none() && chain.default.is_some();
    let is_clear = file.is_blank(end..file.line_end(end - 1));
    let is_kept = stays_last && chain.form == Form::Branches;
    if !(is_clear || is_kept) {
        return refuse(Reason::CommentsDiffer, chain.end, "something stands behind the last arm");
    }
    Ok(chain)
}

/// One `if` of a chain.
struct Branch {
    key: Range<usize>,
    labels: Vec<Range<usize>>,
    sink: Option<Range<usize>>,
    value: Range<usize>,
    tokens: Range<usize>,
}

impl Branch {
    /// Whether it goes on with what another one is about.
    fn is_like(&self, file: &FileContext, other: &Branch) -> bool {
        let sinks = match (&self.sink, &other.sink) {
            (Some(one), Some(other)) => is_same(file, one, other),
            (None, None) => true,
            _ => false,
        };
        sinks && is_same(file, &self.key, &other.key)
    }
}

/// Reads `if (key == A || key == B) { sink = value; }` at token `at`.
fn branch(file: &FileContext, at: usize) -> Option<Branch> {
    if file.text(at) != b"if" || file.text(at + 1) != b"(" {
        return None;
    }
    let close = closing(file, at + 1)?;
    let (key, labels) = comparison(file, at + 2..close)?;
    let is_block = file.text(close + 1) == b"{";
    let given = given(file, close + 1 + usize::from(is_block)).ok()?;
    let last = given.value.end;
    if is_block && file.text(last + 1) != b"}" {
        return None;
    }
    let tokens = at..last + 1 + usize::from(is_block);
    Some(Branch { key, labels, sink: given.sink, value: given.value, tokens })
}

/// The variable and the constants of `key == A || (key == B)`: no more than that.
fn comparison(
    file: &FileContext,
    tokens: Range<usize>,
) -> Option<(Range<usize>, Vec<Range<usize>>)> {
    let mut found: Option<Range<usize>> = None;
    let mut labels = Vec::new();
    let mut at = tokens.start;
    while at < tokens.end {
        let close = (file.text(at) == b"(").then(|| closing(file, at)).flatten();
        let inner = at + usize::from(close.is_some());
        let end = close.unwrap_or_else(|| end_of_operand(file, inner..tokens.end));
        let key = path(file, inner).filter(|key| file.text(key.end) == b"==")?;
        let label = key.end + 1..end;
        if label.is_empty() || end_of_label(file, label.clone()) != label.end {
            return None;
        }
        if found.get_or_insert_with(|| key.clone()).len() != key.len()
            || !is_same(file, found.as_ref()?, &key)
        {
            return None;
        }
        labels.push(label);
        at = end + usize::from(close.is_some());
        if at < tokens.end {
            if file.text(at) != b"||" {
                return None;
            }
            at += 1;
        }
    }
    Some((found?, labels))
}

/// Where an operand of `||` ends.
fn end_of_operand(file: &FileContext, tokens: Range<usize>) -> usize {
    let mut at = tokens.start;
    while at < tokens.end && file.text(at) != b"||" {
        at = match file.text(at) {
            b"(" => closing(file, at).map_or(tokens.end, |close| close + 1),
            _ => at + 1,
        };
    }
    at
}

/// Where what binds more tightly than `==` ends.
fn end_of_label(file: &FileContext, tokens: Range<usize>) -> usize {
    let mut at = tokens.start;
    while at < tokens.end {
        let is_constant = matches!(file.tokens[at].kind, TokenKind::Number | TokenKind::Char)
            || is_ident(file, at);
        at = match file.text(at) {
            b"(" => match closing(file, at) {
                Some(close) => close + 1,
                None => return at,
            },
            b"-" | b"+" | b"~" | b"*" | b"<<" | b">>" => at + 1,
            _ if is_constant => at + 1,
            _ => return at,
        };
    }
    at
}

/// The first `if` of the chain that the one at token `first` belongs to; not before `floor`.
fn head(file: &FileContext, floor: usize, first: usize) -> usize {
    let mut head = first;
    while let Some(arm) = branch(file, head) {
        let is_else = file.text(head - 1) == b"else";
        let end = head - usize::from(is_else);
        let before = (floor..end).rev().find(|&at| file.text(at) == b"if");
        let goes_on = |before: &Branch| {
            let is_next = before.tokens.end == end && before.is_like(file, &arm);
            is_next && (is_else || arm.sink.is_none())
        };
        match before.and_then(|at| branch(file, at)).filter(goes_on) {
            Some(before) => head = before.tokens.start,
            None => break,
        }
    }
    head
}

/// Reads the chain whose first `if` is token `start`.
fn branches(file: &FileContext, start: usize) -> Result<Ladder, Refusal> {
    let refuse = |at: usize, detail: &str| {
        Err(file.refuse(Reason::LadderArms, file.tokens[at].start, detail.to_owned()))
    };
    let Some(first) = branch(file, start) else {
        return refuse(start, "an arm does more than give a value");
    };
    let mut chain = Ladder {
        form: Form::Branches,
        start,
        end: first.tokens.end - 1,
        key: first.key.clone(),
        inside: file.tokens[start].start as usize,
        arms: Vec::new(),
        sink: first.sink.clone(),
        default: None,
    };
    let (mut at, mut from) = (start, start);
    while let Some(next) = branch(file, at).filter(|next| next.is_like(file, &first)) {
        let end = next.tokens.end;
        chain.arms.push(Arm { labels: next.labels, value: next.value, tokens: from..end });
        chain.end = end - 1;
        (from, at) = (end, end + usize::from(file.text(end) == b"else"));
        if at == end && chain.sink.is_some() {
            return Ok(chain);
        }
    }
    if at > from {
        if file.text(at) == b"if" {
            return refuse(at, "an arm does not compare the same, or does something else");
        }
        let Some((default, end)) = otherwise(file, at) else {
            return refuse(at, "what is done for other keys cannot be moved");
        };
        (chain.default, chain.end) = (Some(default), end);
    } else if file.text(at) == b"return" {
        // What all other keys come to, where the block ends with it.
        let end = (at..file.tokens.len()).find(|&at| file.text(at) == b";");
        if let Some(end) = end.filter(|&end| file.text(end + 1) == b"}") {
            (chain.default, chain.end) = (Some(at..end + 1), end);
        }
    }
    Ok(chain)
}

/// The statements behind the last `else`, at token `at`, without braces, and the last token of
/// all; `None` where they are not plain statements.
fn otherwise(file: &FileContext, at: usize) -> Option<(Range<usize>, usize)> {
    let is_control = |at: usize| {
        matches!(file.text(at), b"if" | b"for" | b"while" | b"do" | b"switch" | b"{" | b"case")
    };
    let close = (file.text(at) == b"{").then(|| closing(file, at)).flatten();
    let (from, end) = match close {
        Some(close) => (at + 1, close),
        None => (at, (at..file.tokens.len()).find(|&at| file.text(at) == b";")? + 1),
    };
    let is_plain = !(from..end).any(is_control);
    // A declaration has two words, or a star between them.
    let declares = |at: usize| {
        let starts = at == from || matches!(file.text(at - 1), b";" | b"{" | b"}");
        let word = !matches!(file.text(at), b"return" | b"goto");
        starts
            && word
            && is_ident(file, at)
            && (is_ident(file, at + 1) || file.text(at + 1) == b"*")
    };
    let moves = is_plain && !(from..end).any(declares);
    moves.then_some((from..end, if close.is_some() { end } else { end - 1 }))
}

/// Reads the statement at token `start` if all that it does is to return or to assign what a
/// chain of `?:` gives.
fn choices(file: &FileContext, start: usize) -> Option<Result<Ladder, Refusal>> {
    let (sink, from) = match file.text(start) {
        b"return" => (None, start + 1),
        _ => {
            let sink = path(file, start).filter(|sink| file.text(sink.end) == b"=")?;
            (Some(sink.clone()), sink.end + 1)
        }
    };
    let end = (from..file.tokens.len()).find(|&at| file.text(at) == b";")?;
    let refuse = |at: usize, detail: &str| {
        Some(Err(file.refuse(Reason::LadderArms, file.tokens[at].start, detail.to_owned())))
    };
    let (mut at, mut key) = (from, None);
    let mut arms = Vec::new();
    while let Some(question) = outside(file, at..end, b"?") {
        let Some((found, labels)) = comparison(file, at..question) else {
            return refuse(at, "an arm compares something else");
        };
        if !is_same(file, key.get_or_insert(found.clone()), &found) {
            return refuse(at, "the arms are about different variables");
        }
        let Some(colon) = outside(file, question + 1..end, b":") else {
            return refuse(question, "an arm has no other side");
        };
        let value = question + 1..colon;
        if value.is_empty() || outside(file, value.clone(), b"?").is_some() {
            return refuse(question, "a value is no constant");
        }
        arms.push(Arm { labels, value, tokens: at..colon + 1 });
        at = colon + 1;
    }
    let default = (at < end).then_some(at..end);
    Some(Ok(Ladder {
        form: Form::Choices,
        start,
        end,
        key: key?,
        inside: file.tokens[from].start as usize,
        arms,
        sink,
        default,
    }))
}

/// The first token of `tokens` outside parentheses that is `text`.
fn outside(file: &FileContext, tokens: Range<usize>, text: &[u8]) -> Option<usize> {
    let mut at = tokens.start;
    while at < tokens.end {
        match file.text(at) {
            found if found == text => return Some(at),
            b"(" => at = closing(file, at)? + 1,
            _ => at += 1,
        }
    }
    None
}
