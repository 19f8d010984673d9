//! Lines that a file gets at its top before it can name what it is to: headers that it
//! includes, structures that it announces. In: the file. Out: where they come to stand,
//! as kernel developers put them there.

use super::file::FileContext;
use crate::syntax::TokenKind;

/// What the standard types of the kernel are declared in: every file may include it.
const TYPES: &str = "<linux/types.h>";

/// Lines that come to stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preamble {
    /// The beginning of a line.
    pub at: usize,
    /// What stands behind `#include`, brackets or quotes included.
    pub includes: Vec<String>,
    /// Tags of structures that are announced.
    pub tags: Vec<String>,
    /// A blank line comes above them.
    pub blank_above: bool,
    /// A blank line comes below them.
    pub blank_below: bool,
}

impl Preamble {
    fn at(at: usize) -> Preamble {
        let (includes, tags) = Default::default();
        Preamble { at, includes, tags, blank_above: false, blank_below: false }
    }

    /// Behind the line that ends at `at`, a paragraph of its own.
    fn apart(file: &FileContext, at: usize) -> Preamble {
        let is_blank = |range: std::ops::Range<usize>| range.is_empty() || file.is_blank(range);
        let above = file.line_start(at.saturating_sub(1))..at;
        Preamble {
            blank_above: !is_blank(above),
            blank_below: !is_blank(at..file.line_end(at)),
            ..Preamble::at(at)
        }
    }

    /// Where a C file includes one more header of its folder: behind the last of these, or
    /// else apart behind the last header at all. `None` where it includes nothing.
    pub fn include(file: &FileContext, spelled: String) -> Option<Preamble> {
        let (own, other): (Vec<_>, Vec<_>) =
            file.includes().partition(|(_, spelled)| spelled.starts_with('"'));
        let (last, _) = own.last().or(other.last())?;
        let at = file.line_end(last.end.saturating_sub(1) as usize);
        let includes = vec![spelled];
        Some(Preamble { includes, blank_above: own.is_empty(), ..Preamble::at(at) })
    }

    /// Where a header announces the structures `tags`, before its byte `end`: with those
    /// that it announces already, or else behind what it includes, or at its top. `None`
    /// where there is no such place.
    pub fn tags(header: &FileContext, tags: Vec<String>, end: usize) -> Option<Preamble> {
        let last_include = || {
            let (last, _) = header.includes().filter(|(it, _)| (it.end as usize) < end).last()?;
            Some(header.line_end(last.end.saturating_sub(1) as usize))
        };
        let behind = |at: usize| Preamble::apart(header, at);
        let found = match (announced(header, end), last_include()) {
            (Some(at), _) => Preamble::at(at),
            (None, Some(at)) => behind(at),
            (None, None) => top(header)?,
        };
        Some(Preamble { tags, ..found })
    }

    /// Where a header includes [`TYPES`], see [`Preamble::angled`].
    pub fn types(header: &FileContext) -> Option<Preamble> {
        Preamble::angled(header, TYPES)
    }

    /// Where a file includes `wanted`: among what it includes of the kernel, in the
    /// alphabet's order where that is kept, or at its top.
    pub fn angled(header: &FileContext, wanted: &str) -> Option<Preamble> {
        let all: Vec<_> = header.includes().collect();
        let angled = || all.iter().filter(|(_, spelled)| spelled.starts_with('<'));
        let is_sorted = angled().is_sorted_by_key(|(_, spelled)| *spelled);
        let later = angled().find(|(_, spelled)| is_sorted && *spelled > wanted);
        let found = match (later, angled().next_back(), all.first()) {
            (Some((next, _)), ..) => Preamble::at(header.line_start(next.start as usize)),
            (None, Some((last, _)), _) => {
                Preamble::at(header.line_end(last.end.saturating_sub(1) as usize))
            }
            (None, None, Some((first, _))) => {
                let at = header.line_start(first.start as usize);
                Preamble { blank_below: true, ..Preamble::at(at) }
            }
            (None, None, None) => top(header)?,
        };
        Some(Preamble { includes: vec![wanted.to_owned()], ..found })
    }
}

/// The end of the first lines of a header, before `end`, that announce structures.
fn announced(header: &FileContext, end: usize) -> Option<usize> {
    let mut found = None;
    for at in 0..header.tokens.len() {
        let opens = at.checked_sub(1).is_none_or(|before| {
            header.tokens[before].kind == TokenKind::Directive
                || matches!(header.text(before), b";" | b"}")
        });
        let is_announcement = opens
            && header.text(at) == b"struct"
            && header.text(at + 2) == b";"
            && header.is_always(header.tokens[at].start);
        if !is_announcement {
            continue;
        }
        let start = header.line_start(header.tokens[at].start as usize);
        let behind = header.line_end(header.tokens[at + 2].start as usize);
        if behind > end || found.is_some_and(|last| last != start) {
            break;
        }
        found = Some(behind);
    }
    found
}

/// Behind the guard of a header, or before all that it says. `None` where a comment stands
/// there that may belong to what comes next.
fn top(header: &FileContext) -> Option<Preamble> {
    if let [first, second, ..] = header.tokens.as_slice()
        && header.conditions_at(first.end).iter().any(|(it, _)| header.is_guard(it))
    {
        let at = header.line_end(second.end.saturating_sub(1) as usize);
        return Some(Preamble::apart(header, at));
    }
    let at = header.line_start(header.tokens.first()?.start as usize);
    // A licence line belongs to nothing else.
    let is_free = header.line_of(at) <= 2
        || header.is_blank(header.line_start(at.saturating_sub(1))..at.saturating_sub(1));
    is_free.then(|| Preamble { blank_below: true, ..Preamble::at(at) })
}
