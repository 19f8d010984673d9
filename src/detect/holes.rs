//! The places at which the members of a group differ.

use super::group::Form;
use super::normalise::Code;
use super::renaming::Renaming;
use super::roles::Role;
use super::statements::Statement;
use super::{Hole, HoleKind, Kind};
use crate::syntax::{LoopMacros, TokenKind};
use rustc_hash::FxHashMap;

/// The kind of a group of functions of one shape, and its holes in the order of
/// the text.
pub fn find(forms: &[&Form], loops: &LoopMacros) -> (Kind, Vec<Hole>) {
    let Some(first) = forms.first() else { return (Kind::Identical, Vec::new()) };
    let mut kind = Kind::Identical;
    let mut holes: Vec<Hole> = Vec::new();
    let mut known: FxHashMap<(NameSpace, Vec<&[u8]>), usize> = FxHashMap::default();
    let mut moving: Option<bool> = None;
    for at in 0..first.tokens.len() {
        let same = |form: &&Form| form.text(at) == first.text(at);
        if first.codes[at] == Code::OwnName || forms.iter().all(same) {
            continue;
        }
        let role = role(forms, loops, at);
        kind = kind.max(if is_constant(role) { Kind::ConstantOnly } else { Kind::Renamed });
        if role == Role::Local && *moving.get_or_insert_with(|| locals_move_together(forms, loops))
        {
            continue;
        }
        let values: Vec<&[u8]> = forms.iter().map(|form| form.text(at)).collect();
        let hole_kind = hole_kind(role, forms, at);
        let key = (NameSpace::of(hole_kind), values);
        match known.get(&key) {
            Some(&index) => {
                let hole = &mut holes[index];
                hole.tokens.push(at as u32);
                if hole_kind == HoleKind::Callee {
                    hole.kind = hole_kind;
                }
            }
            None => {
                let text = |v: &&[u8]| String::from_utf8_lossy(v).into_owned();
                let values = key.1.iter().map(text).collect();
                holes.push(Hole { kind: hole_kind, values, tokens: vec![at as u32] });
                known.insert(key, holes.len() - 1);
            }
        }
    }
    (kind, holes)
}

/// The holes of functions of which statements were inserted, deleted or changed: what
/// stands between the statements that all have, and the constants in these. They have
/// no tokens in common, so [`Hole::tokens`] is empty.
pub fn of_gapped(forms: &[&Form]) -> Vec<Hole> {
    let Some((first, others)) = forms.split_first() else { return Vec::new() };
    let parts: Vec<Vec<Statement>> = forms.iter().map(|form| form.statements()).collect();
    let own = &parts[0];
    let pairings: Vec<Vec<Option<usize>>> =
        parts[1..].iter().map(|other| pairing(own, other)).collect();
    // Anchors: what all have, as its index in each.
    let mut anchors: Vec<Vec<usize>> = Vec::new();
    for at in 0..own.len() {
        let there: Option<Vec<usize>> = pairings.iter().map(|pairs| pairs[at]).collect();
        anchors.extend(there.map(|there| std::iter::once(at).chain(there).collect()));
    }
    let mut holes = Vec::new();
    let mut before: Vec<usize> = forms.iter().map(|form| form.body() + 1).collect();
    let ends: Vec<usize> = forms.iter().map(|form| form.tokens.len().saturating_sub(1)).collect();
    for step in 0..=anchors.len() {
        let anchor = anchors.get(step);
        let until = |k: usize| anchor.map_or(ends[k], |a| parts[k][a[k]].tokens.start);
        let values: Vec<String> =
            (0..forms.len()).map(|k| forms[k].shown(before[k]..until(k))).collect();
        if values.iter().any(|value| *value != values[0]) {
            holes.push(Hole { kind: HoleKind::Expression, values, tokens: Vec::new() });
        }
        let Some(anchor) = anchor else { break };
        let statement = |k: usize| parts[k][anchor[k]].tokens.clone();
        constants_of(first, others, &statement, &mut holes);
        before = (0..forms.len()).map(|k| statement(k).end).collect();
    }
    holes
}

/// The constants in which one statement of all members differs.
fn constants_of(
    first: &Form,
    others: &[&Form],
    statement: &dyn Fn(usize) -> std::ops::Range<usize>,
    holes: &mut Vec<Hole>,
) {
    let tokens = statement(0);
    if (0..others.len()).any(|k| statement(k + 1).len() != tokens.len()) {
        return;
    }
    for at in tokens.clone() {
        if !matches!(first.codes[at], Code::Constant | Code::Literal) {
            continue;
        }
        let offset = at - tokens.start;
        let there =
            others.iter().enumerate().map(|(k, form)| form.text(statement(k + 1).start + offset));
        let values: Vec<&[u8]> = std::iter::once(first.text(at)).chain(there).collect();
        if values.iter().all(|value| *value == values[0]) {
            continue;
        }
        let kind = match first.tokens[at].kind {
            TokenKind::Str => HoleKind::String,
            TokenKind::Ident => HoleKind::Constant,
            _ => HoleKind::Integer,
        };
        let values = values.iter().map(|v| String::from_utf8_lossy(v).into_owned()).collect();
        holes.push(Hole { kind, values, tokens: Vec::new() });
    }
}

/// More pairs of statements than this are not looked at: the functions are shown
/// whole.
const MOST_PAIRS: usize = 4_000_000;

/// For each statement of `own` the one of `other` that corresponds: a longest common
/// subsequence.
fn pairing(own: &[Statement], other: &[Statement]) -> Vec<Option<usize>> {
    let (n, m) = (own.len(), other.len());
    let mut pairs = vec![None; n];
    if n * m > MOST_PAIRS {
        return pairs;
    }
    let width = m + 1;
    let mut longest = vec![0u32; (n + 1) * width];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            longest[i * width + j] = match own[i].hash == other[j].hash {
                true => longest[(i + 1) * width + j + 1] + 1,
                false => longest[(i + 1) * width + j].max(longest[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < n && j < m {
        if own[i].hash == other[j].hash {
            pairs[i] = Some(j);
            i += 1;
            j += 1;
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// C's name spaces: one text in two of them is two names.
#[derive(PartialEq, Eq, Hash)]
enum NameSpace {
    Ordinary,
    Field,
    Type,
}

impl NameSpace {
    fn of(kind: HoleKind) -> NameSpace {
        match kind {
            HoleKind::Field => NameSpace::Field,
            HoleKind::Type => NameSpace::Type,
            _ => NameSpace::Ordinary,
        }
    }
}

fn is_constant(role: Role) -> bool {
    matches!(role, Role::Constant | Role::Number | Role::Text)
}

/// The role of the tokens at `at`. Functions of one shape have one syntax, so one
/// member tells for all, and only that one is parsed, unless the shape took a name in
/// capitals for a constant: then any member that says otherwise is right.
fn role(forms: &[&Form], loops: &LoopMacros, at: usize) -> Role {
    let Some(first) = forms.first() else { return Role::Other };
    let of = |form: &Form| form.roles(loops).roles.get(at).copied();
    match first.codes[at] {
        Code::Literal => Role::Text,
        Code::Constant => {
            let named = forms.iter().filter(|form| form.tokens[at].kind == TokenKind::Ident);
            let mut otherwise = named
                .filter_map(|form| of(form))
                .filter(|role| matches!(role, Role::Local | Role::Type | Role::Field));
            otherwise.next().unwrap_or(Role::Constant)
        }
        _ => {
            let parsed = forms.iter().find(|form| form.roles(loops).gap.is_none());
            parsed.and_then(|form| of(form)).or_else(|| of(first)).unwrap_or(Role::Other)
        }
    }
}

fn hole_kind(role: Role, forms: &[&Form], at: usize) -> HoleKind {
    let is_name = |form: &&Form| form.tokens.get(at).is_some_and(|t| t.kind == TokenKind::Ident);
    match role {
        Role::Constant | Role::Number if forms.iter().any(is_name) => HoleKind::Constant,
        Role::Constant | Role::Number => HoleKind::Integer,
        Role::Text => HoleKind::String,
        Role::Field => HoleKind::Field,
        Role::Type => HoleKind::Type,
        Role::Callee => HoleKind::Callee,
        Role::Global => HoleKind::Global,
        Role::Local | Role::Other => HoleKind::Expression,
    }
}

/// Whether each member's locals are the first member's under a one-to-one renaming.
fn locals_move_together(forms: &[&Form], loops: &LoopMacros) -> bool {
    let Some((first, others)) = forms.split_first() else { return true };
    let may_be_local = |&at: &usize| match first.codes[at] {
        Code::Name(_) => true,
        Code::Constant => first.tokens[at].kind == TokenKind::Ident,
        _ => false,
    };
    let locals: Vec<usize> = (0..first.tokens.len())
        .filter(may_be_local)
        .filter(|&at| role(forms, loops, at) == Role::Local)
        .collect();
    others.iter().all(|form| {
        let mut renaming = Renaming::default();
        locals.iter().all(|&at| renaming.pair(first.text(at), form.text(at)))
    })
}
