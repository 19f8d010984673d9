//! (e) A statement inserted, (f) two deleted, (g) two exchanged.

use super::random::Random;
use super::subject::{Subject, is_all_caps};
use drvdedup::syntax::{NodeId, TokenKind};
use std::collections::BTreeSet;
use std::ops::Range;

/// What a mutation of statements made.
pub struct Changed {
    pub text: Vec<u8>,
    /// How many statements it inserted, deleted or moved.
    pub statements: usize,
}

/// The number of statements in the body: what ends in `;`, and what controls others.
pub fn count(subject: &Subject) -> usize {
    weight(subject, 0)
}

/// The statements of the subtree of `id`, itself included.
fn weight(subject: &Subject, id: NodeId) -> usize {
    let nodes = id..subject.tree.node(id).subtree_end;
    nodes.filter(|&id| counts(subject.tree.node(id).kind)).count()
}

fn counts(kind: &str) -> bool {
    let wraps = matches!(kind, "compound_statement" | "case_statement" | "labeled_statement");
    kind == "declaration" || (kind.ends_with("_statement") && !wraps)
}

/// The statements of each block, in their order: the whole ones, which begin a line
/// and end in `;` or `}`.
fn blocks(subject: &Subject) -> Vec<Vec<NodeId>> {
    if subject.tree.gap.is_some() {
        return Vec::new();
    }
    let ids = 0..subject.tree.nodes.len() as NodeId;
    let blocks = ids.filter(|&id| {
        matches!(subject.tree.node(id).kind, "compound_statement" | "case_statement")
    });
    let whole = |&id: &NodeId| {
        let text = subject.node_text(id);
        counts(subject.tree.node(id).kind)
            && subject.tree.node(id).field != "value"
            && matches!(text.last(), Some(b';' | b'}'))
            && indentation(subject, id).is_some()
            && !subject.has_directive(range(subject, id))
    };
    blocks.map(|block| subject.tree.children(block).filter(whole).collect()).collect()
}

fn range(subject: &Subject, id: NodeId) -> Range<usize> {
    let range = &subject.tree.node(id).range;
    range.start as usize..range.end as usize
}

/// The white space before the statement `id`; `None` where its line begins with
/// something else.
fn indentation(subject: &Subject, id: NodeId) -> Option<&[u8]> {
    let before = &subject.text[..range(subject, id).start];
    let line = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    line.iter().all(u8::is_ascii_whitespace).then_some(line)
}

fn is_declaration(subject: &Subject, id: NodeId) -> bool {
    subject.tree.node(id).kind == "declaration"
}

/// A statement more, where statements may stand.
pub fn insert(subject: &Subject, budget: usize, random: &mut Random) -> Option<Changed> {
    let statements: Vec<NodeId> = blocks(subject).concat();
    let places: Vec<NodeId> =
        statements.into_iter().filter(|&id| !is_declaration(subject, id)).collect();
    let place = *random.pick(&places)?;
    let indentation = indentation(subject, place)?;
    let locals: Vec<&[u8]> = subject.locals().into_iter().collect();
    let local = random.pick(&locals).map(|local| String::from_utf8_lossy(local).into_owned());
    let mut choices = vec!["udelay(10);", "pr_debug(\"ready\\n\");", "cond_resched();"]
        .into_iter()
        .map(|text| (text.to_owned(), 1))
        .collect::<Vec<_>>();
    if let Some(local) = local {
        choices.push((format!("trace_value({local}, 3);"), 1));
        choices.push((format!("{local} = 0;"), 1));
        let indentation = String::from_utf8_lossy(indentation);
        choices.push((format!("if (!{local})\n{indentation}\tpr_warn(\"none\\n\");"), 2));
    }
    choices.retain(|&(_, statements)| statements <= budget);
    let (statement, statements) = random.pick(&choices)?.clone();
    let at = range(subject, place).start;
    let new = [statement.as_bytes(), b"\n", indentation].concat();
    Some(Changed { text: subject.edited(vec![(at..at, new)]), statements })
}

/// Two statements less.
pub fn delete(subject: &Subject, budget: usize, random: &mut Random) -> Option<Changed> {
    let deletable = |&&id: &&NodeId| {
        let fixed = ["declaration", "return_statement", "break_statement", "goto_statement"];
        let nodes = id..subject.tree.node(id).subtree_end;
        let is_label = |id| subject.tree.node(id).kind == "labeled_statement";
        !fixed.contains(&subject.tree.node(id).kind)
            && weight(subject, id) < budget
            && !nodes.into_iter().any(is_label)
    };
    let mut candidates: Vec<NodeId> = Vec::new();
    for block in blocks(subject) {
        // A block that is left with nothing is another mutation.
        if block.len() > 2 {
            candidates.extend(block.iter().filter(deletable));
        }
    }
    random.shuffle(&mut candidates);
    let apart = |a: NodeId, b: NodeId| {
        let (a, b) = (range(subject, a), range(subject, b));
        a.end <= b.start || b.end <= a.start
    };
    let both = |a: NodeId, b: NodeId| weight(subject, a) + weight(subject, b);
    let pairs = candidates.iter().enumerate();
    let mut pairs = pairs.flat_map(|(i, &a)| candidates[i + 1..].iter().map(move |&b| (a, b)));
    let (a, b) = pairs.find(|&(a, b)| apart(a, b) && both(a, b) <= budget)?;
    let line = |id| {
        let range = range(subject, id);
        range.start - indentation(subject, id).map_or(0, <[u8]>::len)..range.end
    };
    let edits = vec![(line(a), Vec::new()), (line(b), Vec::new())];
    Some(Changed { text: subject.edited(edits), statements: both(a, b) })
}

/// Two neighbours exchanged of which neither reads or writes what the other writes.
pub fn exchange(subject: &Subject, budget: usize, random: &mut Random) -> Option<Changed> {
    let mut pairs: Vec<(NodeId, NodeId)> = Vec::new();
    for block in blocks(subject) {
        pairs.extend(block.windows(2).map(|pair| (pair[0], pair[1])));
    }
    random.shuffle(&mut pairs);
    let simple = |id: NodeId| {
        matches!(subject.tree.node(id).kind, "declaration" | "expression_statement")
            && weight(subject, id) == 1
    };
    pairs.into_iter().find_map(|(a, b)| {
        let (first, second) = (range(subject, a), range(subject, b));
        let between = &subject.text[first.end..second.start];
        let movable = budget >= 1
            && simple(a)
            && simple(b)
            && is_declaration(subject, a) == is_declaration(subject, b)
            // Nothing stands between them: no label, no directive, no masked macro.
            && !subject.tokens.iter().any(|t| first.end <= t.range().start && t.range().end <= second.start)
            && between.contains(&b'\n')
            && independent(subject, a, b);
        if !movable {
            return None;
        }
        let text = subject.edited(vec![
            (first.clone(), subject.text[second.clone()].to_vec()),
            (second, subject.text[first].to_vec()),
        ]);
        Some(Changed { text, statements: 1 })
    })
}

fn independent(subject: &Subject, a: NodeId, b: NodeId) -> bool {
    let (a, b) = (Effects::of(subject, a), Effects::of(subject, b));
    a.writes.is_disjoint(&b.names) && b.writes.is_disjoint(&a.names) && !(a.calls && b.calls)
}

/// What a statement may read and write, judged by the names in it.
#[derive(Default)]
struct Effects<'s> {
    /// All names, the fields included.
    names: BTreeSet<&'s [u8]>,
    /// The last name of what is assigned to (`b` of `a->b`), what is declared, and
    /// all that is handed to a call or whose address is taken.
    writes: BTreeSet<&'s [u8]>,
    calls: bool,
}

impl<'s> Effects<'s> {
    fn of(subject: &'s Subject, id: NodeId) -> Effects<'s> {
        let range = range(subject, id);
        let mut effects = Effects::default();
        let mut parens = 0u32;
        let mut call_at: Option<u32> = None;
        for (at, token) in subject.tokens.iter().enumerate() {
            if token.range().start < range.start || token.range().end > range.end {
                continue;
            }
            let text = subject.token(at);
            match text {
                b"(" => parens += 1,
                b")" => {
                    parens = parens.saturating_sub(1);
                    call_at = call_at.filter(|&depth| depth < parens + 1);
                }
                _ if token.kind != TokenKind::Ident => {}
                _ => {
                    let next = subject.token(at + 1);
                    let called = next == b"(" && !is_all_caps(text);
                    if called {
                        effects.calls = true;
                        call_at = call_at.or(Some(parens + 1));
                    }
                    let assigned = next.ends_with(b"=")
                        && !matches!(next, b"==" | b"!=" | b"<=" | b">=")
                        || matches!(next, b"++" | b"--")
                        || matches!(subject.before(at), b"++" | b"--" | b"&");
                    let declared = subject
                        .leaf(at)
                        .is_some_and(|leaf| subject.tree.declares_local(leaf, &subject.text));
                    // `a[i] = x` writes who knows what of `a`.
                    let indexed = next == b"[";
                    if assigned || declared || indexed || (call_at.is_some() && !called) {
                        effects.writes.insert(text);
                    }
                    effects.names.insert(text);
                }
            }
        }
        effects
    }
}
