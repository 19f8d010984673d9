//! Runs of statements of one shape: the same tokens but for constants and for the
//! names of locals. Only statements on the top level of a body are looked at: what
//! stands there is executed once and in order.

use crate::plan::align::AlignedMember;
use crate::syntax::{NodeId, TokenKind, lexer};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};
use std::ops::Range;

/// Statements of one body that are compared at all.
const MOST_STATEMENTS: usize = 400;

/// Fewest lines of a run: what is shorter reads better where it stands.
const LEAST_LINES: u32 = 6;

/// A statement on the top level of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its tokens, as indices into the file's.
    pub tokens: Range<usize>,
    /// Its lines.
    pub lines: u32,
    shape: u64,
}

/// A run of statements that several members have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Which members have it, and which of their statements it is.
    pub members: Vec<(usize, Range<usize>)>,
    /// Its lines in the first of them.
    pub lines: u32,
}

/// The statements of a member, those apart that declare its locals at the top.
pub fn statements(member: &AlignedMember<'_>, body: u32) -> Vec<Statement> {
    let (file, tree) = (member.file, &member.tree);
    let Some(block) =
        tree.of_kind("compound_statement").find(|&id| tree.node(id).range.start == body)
    else {
        return Vec::new();
    };
    let is_statement = |id: &NodeId| tree.node(*id).named && tree.node(*id).kind != "comment";
    let is_declaration = |id: &NodeId| tree.node(*id).kind == "declaration";
    let all = tree.children(block).filter(is_statement).skip_while(is_declaration);
    let statement = |id: NodeId| {
        let range = tree.node(id).range.clone();
        let tokens = file.token_at(range.start)..file.token_at(range.end);
        let lines = file.line_of(range.end.saturating_sub(1) as usize)
            - file.line_of(range.start as usize)
            + 1;
        let shape = shape(member, tokens.clone());
        Statement { tokens, lines, shape }
    };
    all.take(MOST_STATEMENTS).map(statement).collect()
}

fn shape(member: &AlignedMember<'_>, tokens: Range<usize>) -> u64 {
    let file = member.file;
    let mut hash = FxHasher::default();
    for at in tokens {
        let (token, text) = (file.tokens[at], file.text(at));
        let is_member = at > 0 && matches!(file.text(at - 1), b"." | b"->");
        let is_local = token.kind == TokenKind::Ident && member.locals.contains(text);
        let is_named_constant = || {
            !lexer::is_keyword(text)
                && text.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
                && file.text(at + 1) != b"("
        };
        match token.kind {
            TokenKind::Ident if is_local && !is_member => 0u8.hash(&mut hash),
            TokenKind::Number | TokenKind::Char => 1u8.hash(&mut hash),
            TokenKind::Ident if !is_member && is_named_constant() => 1u8.hash(&mut hash),
            TokenKind::Str => 2u8.hash(&mut hash),
            // Two directives are never alike.
            TokenKind::Directive => (3u8, at).hash(&mut hash),
            _ => text.hash(&mut hash),
        }
    }
    hash.finish()
}

/// The runs that the first member, or else the second, has in common with others of the
/// first `own`, those first that take most lines away. Whoever else has one is in it, too.
pub fn common(members: &[&[Statement]], own: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for base in 0..own.min(2) {
        for other in base + 1..own {
            for own in matches(members[base], members[other]) {
                let run = of_all(members, base, own);
                if !runs.contains(&run) {
                    runs.push(run);
                }
            }
        }
    }
    runs.sort_by_key(|run| std::cmp::Reverse(run.weight()));
    runs
}

/// All statements of members that have as many, behind the declarations, as one run: what
/// these declare may be of different types. `None` where that is too little.
pub fn whole(members: &[&[Statement]]) -> Option<Run> {
    let count = members.first()?.len();
    let lines = lines(members[0], &(0..count));
    let is_run = lines >= LEAST_LINES && members.iter().all(|it| it.len() == count);
    let all = (0..members.len()).map(|index| (index, 0..count));
    is_run.then(|| Run { members: all.collect(), lines })
}

impl Run {
    fn weight(&self) -> u32 {
        self.lines * (self.members.len() as u32 - 1)
    }

    /// The run itself and what is left of it without its first or last statements, the
    /// longest first.
    pub fn shorter(&self, statements: &[&[Statement]]) -> Vec<Run> {
        let length = self.members[0].1.len();
        let mut found = Vec::new();
        for from in 0..length {
            for to in from + 1..=length {
                let part = |(member, range): &(usize, Range<usize>)| {
                    (*member, range.start + from..range.start + to)
                };
                let members: Vec<_> = self.members.iter().map(part).collect();
                let lines = lines(statements[members[0].0], &members[0].1);
                if lines >= LEAST_LINES {
                    found.push(Run { members, lines });
                }
            }
        }
        found.sort_by_key(|run| std::cmp::Reverse(run.lines));
        found
    }
}

/// Lines of some statements, with those between them.
fn lines(statements: &[Statement], range: &Range<usize>) -> u32 {
    statements[range.clone()].iter().map(|it| it.lines).sum()
}

/// Ranges of `one` that stand in `other`, too, and that no longer one holds.
fn matches(one: &[Statement], other: &[Statement]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for from in 0..one.len() {
        for at in 0..other.len() {
            let same = |(a, b): &(&Statement, &Statement)| a.shape == b.shape;
            let continues = from > 0 && at > 0 && one[from - 1].shape == other[at - 1].shape;
            if continues {
                continue;
            }
            let length = one[from..].iter().zip(&other[at..]).take_while(same).count();
            let range = from..from + length;
            if length > 0 && lines(one, &range) >= LEAST_LINES && !found.contains(&range) {
                found.push(range);
            }
        }
    }
    found
}

/// The run with every member that has it, in each where it stands first.
fn of_all(members: &[&[Statement]], base: usize, own: Range<usize>) -> Run {
    let wanted: Vec<u64> = members[base][own.clone()].iter().map(|it| it.shape).collect();
    let place = |statements: &[Statement]| {
        let shapes: Vec<u64> = statements.iter().map(|it| it.shape).collect();
        let at = shapes.windows(wanted.len()).position(|window| window == wanted)?;
        Some(at..at + wanted.len())
    };
    let mut found = Vec::new();
    for (index, statements) in members.iter().enumerate() {
        match index == base {
            true => found.push((index, own.clone())),
            false => found.extend(place(statements).map(|range| (index, range))),
        }
    }
    Run { lines: lines(members[base], &own), members: found }
}
