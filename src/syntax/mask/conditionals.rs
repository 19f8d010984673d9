//! One branch of each `#if`, for text that is C only after the preprocessor.

use super::canvas::Canvas;
use crate::syntax::lexer::TokenKind;
use crate::syntax::split::{directive_word, is_never};

/// Which branch of each `#if` the parser is to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// The first; the second of an `#if 0`.
    First,
    /// The last, which of an `#if` without `#else` is nothing.
    Last,
}

/// One open `#if`.
struct Condition {
    /// The branch being read is the chosen one.
    kept: bool,
    /// The branch to keep has been met.
    chosen: bool,
    /// All that encloses it is kept.
    visible: bool,
}

/// Blanks every directive, and every branch but the chosen one.
pub(super) fn keep_branch(canvas: &mut Canvas, branch: Branch) {
    let last = last_branches(canvas);
    let mut conditions: Vec<Condition> = Vec::new();
    for i in 0..canvas.len() {
        let visible = conditions.last().is_none_or(|top| top.visible && top.kept);
        let directive = canvas.kind(i) == Some(TokenKind::Directive);
        if directive || !visible {
            canvas.blank(i..i + 1);
        }
        if !directive {
            continue;
        }
        let (word, rest) = directive_word(canvas.text(i));
        match word {
            b"if" | b"ifdef" | b"ifndef" => {
                conditions.push(Condition { kept: false, chosen: false, visible });
            }
            b"else" | b"elif" => {}
            b"endif" => {
                conditions.pop();
                continue;
            }
            _ => continue,
        }
        if let Some(condition) = conditions.last_mut() {
            let wanted = match branch {
                Branch::First => word != b"if" || !is_never(rest),
                Branch::Last => !word.starts_with(b"if") && last.binary_search(&i).is_ok(),
            };
            condition.kept = wanted && !condition.chosen;
            condition.chosen |= wanted;
        }
    }
}

/// The directives whose branch is the last of its `#if`.
fn last_branches(canvas: &Canvas) -> Vec<usize> {
    let mut open: Vec<usize> = Vec::new();
    let mut last = Vec::new();
    for i in 0..canvas.len() {
        if canvas.kind(i) != Some(TokenKind::Directive) {
            continue;
        }
        match directive_word(canvas.text(i)).0 {
            b"if" | b"ifdef" | b"ifndef" => open.push(i),
            b"else" | b"elif" => {
                if let Some(top) = open.last_mut() {
                    *top = i;
                }
            }
            b"endif" => last.extend(open.pop()),
            _ => {}
        }
    }
    last.sort_unstable();
    last
}
