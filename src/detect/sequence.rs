//! Statements of one shape in a row: `write(dev, 0x10, 0x22);` eighty times, a
//! `switch` from constants to constants, a ladder of `if`s; and the sides of one statement
//! that gives what a chain of `?:` comes to. In: one function. Out: its
//! runs. Each repetition is a member of the group, and its constants are the holes:
//! the columns of a table.

use super::hash::packed_text;
use super::spelling::spelled_like_a_constant;
use super::statements::{Statement, statements};
use super::words::Word;
use crate::syntax::{Token, TokenKind};
use std::ops::Range;

/// Fewest repetitions that are reported.
pub const FEWEST: usize = 5;

/// Most statements that repeat together: a label, a statement and its `break`.
const LONGEST_PERIOD: usize = 3;

/// A run inside one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Token ranges of the repetitions, all of one length.
    pub repetitions: Vec<Range<usize>>,
    /// The tokens in which they differ, counted from the start of each.
    pub holes: Vec<usize>,
}

/// Whether statements with these hashes may hold a run: asked of every function, so
/// only the hashes are looked at.
pub fn has_run(hashes: &[u32]) -> bool {
    (1..=LONGEST_PERIOD).any(|period| {
        let wanted = period * (FEWEST - 1);
        let mut same = 0;
        hashes.iter().zip(hashes.get(period..).unwrap_or_default()).any(|(a, b)| {
            same = if a == b { same + 1 } else { 0 };
            same >= wanted
        })
    })
}

/// Whether a function of these words may hold a chain of `?:`: asked of every function, too.
pub fn has_choices(words: &[Word]) -> bool {
    let question = packed_text(b"?");
    words.iter().filter(|word| word.packed == question).nth(FEWEST - 1).is_some()
}

/// The runs of the function whose tokens are `tokens` and whose `{` is `tokens[body]`,
/// in the order of the text. They do not overlap.
pub fn runs(source: &[u8], tokens: &[Token], body: usize) -> Vec<Run> {
    let all = statements(source, tokens, body);
    let text = Text { source, tokens };
    let mut found = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let longest = (1..=LONGEST_PERIOD)
            .map(|period| (text.repetitions(&all[at..], period), period))
            // Of two ways to see the same statements the shorter period is the simpler.
            .max_by_key(|&(count, period)| (count * period, std::cmp::Reverse(period)));
        let Some((count, period)) = longest.filter(|&(count, _)| count >= FEWEST) else {
            at += 1;
            continue;
        };
        // The arms of a switch begin with their label, checked calls with the call.
        let turned = (0..period).find(|&by| text.may_begin(&all[at + by..], period));
        let Some(turned) = turned else {
            at += 1;
            continue;
        };
        let count = if turned == 0 { count } else { text.repetitions(&all[at + turned..], period) };
        if turned > 0 && count < FEWEST {
            at += 1;
            continue;
        }
        at += turned;
        let repetitions: Vec<Range<usize>> = (0..count)
            .map(|n| {
                let first = at + n * period;
                all[first].tokens.start..all[first + period - 1].tokens.end
            })
            .collect();
        let holes = text.holes(&repetitions);
        if text.is_worth_telling(&repetitions[0], &holes) {
            found.push(Run { repetitions, holes });
        }
        at += count * period;
    }
    let is_apart = |statement: &&Statement| {
        let inside = |run: &Run| {
            let last = run.repetitions.last().map_or(0, |last| last.end);
            (run.repetitions[0].start..last).contains(&statement.tokens.start)
        };
        !found.iter().any(inside)
    };
    let choices: Vec<Run> =
        all.iter().filter(is_apart).filter_map(|statement| text.choices(statement)).collect();
    found.extend(choices);
    found.sort_by_key(|run| run.repetitions[0].start);
    found
}

struct Text<'s> {
    source: &'s [u8],
    tokens: &'s [Token],
}

impl<'s> Text<'s> {
    fn text(&self, at: usize) -> &'s [u8] {
        self.tokens[at].text(self.source)
    }

    fn is_constant(&self, at: usize) -> bool {
        match self.tokens[at].kind {
            TokenKind::Number | TokenKind::Char | TokenKind::Str => true,
            TokenKind::Ident => {
                let called = self.tokens.get(at + 1).is_some_and(|t| t.is(self.source, b"("));
                spelled_like_a_constant(self.text(at)) && !called
            }
            _ => false,
        }
    }

    /// Whether a repetition may begin with the first of `statements`: with a label if
    /// it has one, not with what an `if` before it decides, and with something that
    /// differs.
    fn may_begin(&self, statements: &[Statement], period: usize) -> bool {
        let Some(one) = statements.get(..period) else { return false };
        let is_label = |s: &Statement| matches!(self.text(s.tokens.start), b"case" | b"default");
        let has_constant = |s: &Statement| s.tokens.clone().any(|at| self.is_constant(at));
        let labelled = one.iter().any(is_label);
        !one[0].controlled && (!labelled || is_label(&one[0])) && has_constant(&one[0])
    }

    /// How often the first `period` of `statements` repeat, but for constants.
    fn repetitions(&self, statements: &[Statement], period: usize) -> usize {
        let Some(first) = statements.get(..period) else { return 0 };
        let same = |other: &[Statement]| {
            other.len() == period
                && first[0].block == other[0].block
                && first.iter().zip(other).all(|(a, b)| self.same(a, b))
        };
        statements.chunks(period).take_while(|chunk| same(chunk)).count()
    }

    /// Whether two statements differ in constants of one sort at most.
    fn same(&self, a: &Statement, b: &Statement) -> bool {
        a.hash == b.hash
            && a.depth == b.depth
            && a.controlled == b.controlled
            && self.alike(&a.tokens, &b.tokens)
    }

    /// Whether two runs of tokens differ in constants of one sort at most.
    fn alike(&self, a: &Range<usize>, b: &Range<usize>) -> bool {
        a.len() == b.len()
            && a.clone().zip(b.clone()).all(|(x, y)| {
                let string = |at: usize| self.tokens[at].kind == TokenKind::Str;
                self.text(x) == self.text(y)
                    || self.is_constant(x) && self.is_constant(y) && string(x) == string(y)
            })
    }

    /// The first sides of a chain of `?:`, each with its condition, where the statement
    /// returns or assigns what that gives.
    fn choices(&self, statement: &Statement) -> Option<Run> {
        let tokens = statement.tokens.clone();
        let gives = tokens.clone().find(|&at| matches!(self.text(at), b"return" | b"=" | b"("));
        let first = gives.filter(|&at| self.text(at) != b"(")? + 1;
        let mut from = first;
        let mut repetitions: Vec<Range<usize>> = Vec::new();
        let (mut depth, mut asked) = (0usize, false);
        for at in first..tokens.end {
            match self.text(at) {
                b"(" | b"[" => depth += 1,
                b")" | b"]" => depth = depth.saturating_sub(1),
                b"?" if depth == 0 && asked => break,
                b"?" if depth == 0 => asked = true,
                b":" if depth == 0 => {
                    let side = from..at + 1;
                    if repetitions.first().is_some_and(|first| !self.alike(first, &side)) {
                        break;
                    }
                    repetitions.push(side);
                    (from, asked) = (at + 1, false);
                }
                _ => {}
            }
        }
        if repetitions.len() < FEWEST {
            return None;
        }
        let holes = self.holes(&repetitions);
        let number = |&at: &usize| self.tokens[repetitions[0].start + at].kind != TokenKind::Str;
        holes.iter().any(number).then_some(Run { repetitions, holes })
    }

    fn holes(&self, repetitions: &[Range<usize>]) -> Vec<usize> {
        let first = &repetitions[0];
        let differs = |offset: &usize| {
            let text = self.text(first.start + offset);
            repetitions.iter().any(|r| self.text(r.start + offset) != text)
        };
        (0..first.len()).filter(differs).collect()
    }

    /// Whether a table could take the place of the run: it differs in some number, it
    /// does something, and it is no run of compile-time checks.
    fn is_worth_telling(&self, first: &Range<usize>, holes: &[usize]) -> bool {
        let number = |&offset: &usize| self.tokens[first.start + offset].kind != TokenKind::Str;
        let labels = matches!(self.text(first.start), b"case" | b"default")
            && first.clone().all(|at| self.text(at) != b";");
        let check = self.text(first.start).starts_with(b"BUILD_BUG")
            || self.text(first.start).starts_with(b"static_assert");
        let acts = first.clone().any(|at| matches!(self.text(at), b"(" | b"=" | b"return"));
        holes.iter().any(number) && !labels && !check && acts
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;
    use crate::syntax::lexer;

    fn found(body: &str) -> Vec<(usize, usize)> {
        let bytes = body.as_bytes();
        let tokens = lexer::tokens(bytes);
        let hashes: Vec<u32> = statements(bytes, &tokens, 0).iter().map(|s| s.hash).collect();
        let runs = runs(bytes, &tokens, 0);
        let may_have = has_run(&hashes) || has_choices(&words(bytes, &tokens));
        assert!(runs.is_empty() || may_have, "{body}");
        runs.iter().map(|run| (run.repetitions.len(), run.holes.len())).collect()
    }

    #[test]
    fn calls_that_differ_in_constants_are_a_run() {
        assert_eq!(
            found("{ a(); w(d, 1, 2); w(d, 3, 2); w(d, 4, XX); w(d, 5, 2); w(d, 6, 2); b(); }"),
            [(5, 2)]
        );
        assert_eq!(found("{ w(d, 1); w(d, 3); w(d, 4); w(d, 5); }"), []);
        assert_eq!(found("{ w(d, 1); w(d, 3); w(e, 4); w(d, 5); w(d, 6); w(d, 7); }"), []);
    }

    #[test]
    fn arms_of_a_switch_and_checked_calls_repeat_together() {
        assert_eq!(
            found(
                "{ switch (x) { case 1: return 10; case 2: return 20; case 3: return 30; case 4: return 40; case 5: return 50; } }"
            ),
            [(5, 2)]
        );
        let arm = |n: u32| format!("case {n}: y = {n}0; break;");
        let arms: String = (1..=6).map(arm).collect();
        assert_eq!(found(&format!("{{ switch (x) {{ {arms} }} }}")), [(6, 2)]);
        let checked: String = (1..=5).map(|n| format!("r = w(d, {n}); if (r) return r;")).collect();
        assert_eq!(found(&format!("{{ {checked} }}")), [(5, 1)]);
        let ladder: Vec<String> = (1..=5).map(|n| format!("if (x == {n}) y = {n}0;")).collect();
        assert_eq!(found(&format!("{{ {} }}", ladder.join(" else "))), [(5, 2)]);
        let braced: Vec<String> =
            (1..=5).map(|n| format!("if (x == {n}) {{ y = {n}0; }}")).collect();
        assert_eq!(found(&format!("{{ {} }}", braced.join(" else "))), [(5, 2)]);
    }

    #[test]
    fn sides_of_a_chain_of_choices_repeat_inside_one_statement() {
        let sides = |sep: &str| {
            let one = |n: u32| format!("x == {n} ? {n}0 : ");
            (1..=5).map(one).collect::<Vec<_>>().join(sep)
        };
        assert_eq!(found(&format!("{{ return {}7; }}", sides(""))), [(5, 2)]);
        assert_eq!(found(&format!("{{ a->b = {}y; }}", sides(""))), [(5, 2)]);
        assert_eq!(found(&format!("{{ f(); y = {}z == 3 ? 1 : 2; g(); }}", sides(""))), [(5, 2)]);
        // An argument, and what is asked inside of another question, are no ladder.
        assert_eq!(found(&format!("{{ f({}7); }}", sides(""))), []);
        assert_eq!(found(&format!("{{ return {}7; }}", sides("y ? 1 : "))), []);
        assert_eq!(found("{ return x == 1 ? 1 : x == 2 ? 2 : x == 3 ? 3 : x == 4 ? 4 : 5; }"), []);
    }

    #[test]
    fn a_run_begins_with_a_label_or_a_call_and_not_inside_an_if() {
        let calls = "w(d, 2); w(d, 3); w(d, 4); w(d, 5);";
        assert_eq!(found(&format!("{{ if (x) w(d, 1); {calls} }}")), []);
        assert_eq!(found(&format!("{{ if (x) w(d, 1); {calls} w(d, 6); }}")), [(5, 1)]);
        assert_eq!(found(&format!("{{ if (x) {{ w(d, 0); w(d, 1); }} else {{ {calls} }} }}")), []);
        let braced: String = (1..=5).map(|n| format!("if (x & {n}) {{ f({n}); }}")).collect();
        assert_eq!(found(&format!("{{ {braced} }}")), [(5, 2)]);
        let checked: String = (1..=5).map(|n| format!("r = w(d, {n}); if (r) return r;")).collect();
        assert_eq!(found(&format!("{{ r = g(); if (r) return r; {checked} }}")), [(5, 1)]);
        let arms: String = (1..=5).map(|n| format!("case {n}: y = {n}0; break;")).collect();
        assert_eq!(found(&format!("{{ switch (x) {{ case 0: f(); break; {arms} }} }}")), [(5, 2)]);
    }

    #[test]
    fn what_no_table_could_replace_is_no_run() {
        for text in [
            "{ int a; int b; int c; int d; int e; }",
            "{ switch (x) { case 1: case 2: case 3: case 4: case 5: f(); } }",
            "{ p(\"a\"); p(\"b\"); p(\"c\"); p(\"d\"); p(\"e\"); }",
            "{ f(); f(); f(); f(); f(); }",
            "{ BUILD_BUG_ON(A != 1); BUILD_BUG_ON(B != 2); BUILD_BUG_ON(C != 3); BUILD_BUG_ON(D != 4); BUILD_BUG_ON(E != 5); }",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
