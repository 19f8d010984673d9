//! The places at which the members of a group differ.

use super::group::Form;
use super::normalise::Code;
use super::roles::{Role, Roles};
use super::{Hole, HoleKind, Kind};
use crate::syntax::TokenKind;
use rustc_hash::FxHashMap;

/// The kind of a group of functions of one shape, and its holes in the order of
/// the text. `roles` are those of each function.
pub fn find(forms: &[&Form], roles: &[&Roles]) -> (Kind, Vec<Hole>) {
    let Some(first) = forms.first() else { return (Kind::Identical, Vec::new()) };
    let locals_move_together = locals_move_together(forms, roles);
    let mut kind = Kind::Identical;
    let mut holes: Vec<Hole> = Vec::new();
    let mut known: FxHashMap<(NameSpace, Vec<&[u8]>), usize> = FxHashMap::default();
    for at in 0..first.tokens.len() {
        let values: Vec<&[u8]> = forms.iter().map(|form| form.text(at)).collect();
        if first.codes[at] == Code::OwnName || values.iter().all(|v| *v == values[0]) {
            continue;
        }
        let role = role(first.codes[at], roles, at);
        kind = kind.max(if is_constant(role) { Kind::ConstantOnly } else { Kind::Renamed });
        if role == Role::Local && locals_move_together {
            continue;
        }
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
/// member tells for all, unless the shape took a name in capitals for a constant:
/// then any member that says otherwise is right.
fn role(code: Code, roles: &[&Roles], at: usize) -> Role {
    let mut each = roles.iter().filter_map(|r| r.roles.get(at).copied());
    match code {
        Code::Literal => Role::Text,
        Code::Constant => each
            .find(|role| matches!(role, Role::Local | Role::Type | Role::Field))
            .unwrap_or(Role::Constant),
        _ => {
            let parsed = roles.iter().find(|r| r.gap.is_none()).or(roles.first());
            parsed.and_then(|r| r.roles.get(at).copied()).unwrap_or(Role::Other)
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

/// Whether each member's locals are the first member's under a one-to-one
/// renaming. The shape sees to it, but for locals spelled like constants.
fn locals_move_together(forms: &[&Form], roles: &[&Roles]) -> bool {
    let Some((first, others)) = forms.split_first() else { return true };
    let locals: Vec<usize> = (0..first.tokens.len())
        .filter(|&at| role(first.codes[at], roles, at) == Role::Local)
        .collect();
    others.iter().all(|form| {
        let mut there: FxHashMap<&[u8], &[u8]> = FxHashMap::default();
        let mut back: FxHashMap<&[u8], &[u8]> = FxHashMap::default();
        locals.iter().all(|&at| {
            let (a, b) = (first.text(at), form.text(at));
            *there.entry(a).or_insert(b) == b && *back.entry(b).or_insert(a) == a
        })
    })
}
