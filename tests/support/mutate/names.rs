//! (b) Locals and the own name, (d) a callee, (h) a type: renamed consistently.

use super::random::Random;
use super::subject::{Edit, Subject, is_all_caps};
use std::collections::{BTreeMap, BTreeSet};

const LOCALS: [&str; 12] =
    ["priv", "chip", "val", "tmp", "idx", "cur", "res", "state", "info", "hw", "ctx", "entry"];
const CALLEE_ENDINGS: [&str; 4] = ["_sync", "_locked", "_raw", "_once"];
const TYPE_ENDINGS: [&str; 4] = ["_priv", "_ctx", "_info", "_v2"];

/// Another own name and other names for some of the locals; also whether there is
/// one of these.
pub fn rename_locals(subject: &Subject, random: &mut Random) -> Option<(Vec<u8>, bool)> {
    if subject.tree.gap.is_some() {
        return None;
    }
    let own = subject.name();
    let locals: Vec<&[u8]> = subject.locals().into_iter().filter(|name| *name != own).collect();
    let chosen = random.some_of(&locals);
    let mut names = Fresh::of(subject);
    let mut renamed: BTreeMap<&[u8], Vec<u8>> = BTreeMap::new();
    for local in &chosen {
        let stem = *random.pick(&LOCALS)?;
        let stem = if is_all_caps(local) { stem.to_uppercase() } else { stem.to_owned() };
        renamed.insert(local, names.fresh(stem));
    }
    renamed.insert(own, names.fresh(format!("{}_alt", String::from_utf8_lossy(own))));
    let places = subject.names().filter(|&at| subject.is_ordinary(at));
    let edit = |at: usize| {
        renamed.get(subject.token(at)).map(|new| (subject.tokens[at].range(), new.clone()))
    };
    let edits: Vec<Edit> = places.filter_map(edit).collect();
    Some((subject.edited(edits), !chosen.is_empty()))
}

/// Another name for one function that is called.
pub fn change_callee(subject: &Subject, random: &mut Random) -> Option<Vec<u8>> {
    if subject.tree.gap.is_some() {
        return None;
    }
    let locals = subject.locals();
    let is_callee = |&at: &usize| {
        let name = subject.token(at);
        subject.token(at + 1) == b"("
            && subject.leaf(at).is_some_and(|leaf| {
                let parent = subject.tree.node(subject.tree.node(leaf).parent);
                subject.tree.node(leaf).field == "function" && parent.kind == "call_expression"
            })
            && name != subject.name()
            && !is_all_caps(name)
            && !locals.contains(name)
    };
    let callees: BTreeSet<&[u8]> =
        subject.names().filter(is_callee).map(|at| subject.token(at)).collect();
    let callees: Vec<&[u8]> = callees.into_iter().collect();
    let old = *random.pick(&callees)?;
    let new = Fresh::of(subject).fresh(extended(old, random.pick(&CALLEE_ENDINGS)?));
    Some(replace(subject, old, &new, |at| subject.is_ordinary(at)))
}

/// Another name for one type: a tag, or a `typedef` that is none of the arithmetic
/// types of the whole kernel (`u32`), which to exchange changes what is computed.
pub fn change_type(subject: &Subject, random: &mut Random) -> Option<Vec<u8>> {
    if subject.tree.gap.is_some() {
        return None;
    }
    let is_tag = |at: usize| matches!(subject.before(at), b"struct" | b"union" | b"enum");
    let is_typedef = |at: usize| {
        subject.leaf_kind(at) == "type_identifier"
            && !is_tag(at)
            && !is_arithmetic(subject.token(at))
    };
    let is_type = |&at: &usize| is_tag(at) || is_typedef(at);
    let types: BTreeSet<(bool, &[u8])> =
        subject.names().filter(is_type).map(|at| (is_tag(at), subject.token(at))).collect();
    let types: Vec<(bool, &[u8])> = types.into_iter().collect();
    let (tag, old) = *random.pick(&types)?;
    let ending = random.pick(&TYPE_ENDINGS)?;
    let new = if is_all_caps(old) { ending.to_uppercase() } else { (*ending).to_owned() };
    let new = Fresh::of(subject).fresh(extended(old, &new));
    Some(replace(subject, old, &new, |at| if tag { is_tag(at) } else { subject.is_ordinary(at) }))
}

fn extended(name: &[u8], ending: &str) -> String {
    format!("{}{ending}", String::from_utf8_lossy(name))
}

fn replace(subject: &Subject, old: &[u8], new: &[u8], meant: impl Fn(usize) -> bool) -> Vec<u8> {
    let places = subject.names().filter(|&at| subject.token(at) == old && meant(at));
    subject.edited(places.map(|at| (subject.tokens[at].range(), new.to_vec())).collect())
}

/// The types that are the same in all drivers, as `linux/types.h` and the standard
/// name them.
fn is_arithmetic(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name);
    let bare = name.trim_start_matches('_').trim_end_matches("_t");
    let sized = bare.trim_end_matches(|c: char| c.is_ascii_digit());
    let sized =
        bare.len() > sized.len() && matches!(sized, "u" | "s" | "le" | "be" | "int" | "uint");
    let others = [
        "bool",
        "size",
        "ssize",
        "loff",
        "uint",
        "ulong",
        "ushort",
        "uchar",
        "uintptr",
        "dma_addr",
        "phys_addr",
        "resource_size",
    ];
    sized || others.contains(&bare)
}

/// Names that a text does not have yet.
pub struct Fresh(BTreeSet<Vec<u8>>);

impl Fresh {
    pub fn of(subject: &Subject) -> Fresh {
        Fresh(subject.names().map(|at| subject.token(at).to_vec()).collect())
    }

    /// `stem`, or with a number behind it.
    pub fn fresh(&mut self, stem: String) -> Vec<u8> {
        let numbered = (2..).map(|number| format!("{stem}{number}"));
        let mut names = std::iter::once(stem.clone()).chain(numbered).map(String::into_bytes);
        let name = names.find(|name| !self.0.contains(name)).expect("numbers do not end");
        self.0.insert(name.clone());
        name
    }
}
