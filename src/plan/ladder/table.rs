//! The array that a ladder becomes: what it holds, its rows, and what it is called.

use super::arms::{Form, Ladder};
use super::{keys, text_of};
use crate::plan::align::{AlignedMember, lossy};
use crate::plan::refusal::{Reason, Refusal};
use crate::plan::{FileContext, tables, words};
use crate::syntax::decl::{self, CType};
use crate::syntax::{TokenKind, lexer};
use std::ops::Range;

/// Statements of a function that is there for its switch.
const MOST_STATEMENTS: usize = 4;

/// What a table holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// Pointers of this type, as it stands before the star's `const`: `const char *`.
    Strings(String),
    /// Numbers of this type.
    Numbers(String),
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its keys: one, or a range.
    pub key: String,
    /// Its value.
    pub value: String,
    /// The comment behind it.
    pub comment: Option<String>,
    /// Comments on lines of their own above it.
    pub above: Vec<String>,
}

/// Whether the switch is the first statement of the body.
pub fn is_first(parsed: &AlignedMember<'_>, found: &Ladder) -> bool {
    let (file, tree) = (parsed.file, &parsed.tree);
    let Some(body) = tree.of_kind("compound_statement").next() else { return false };
    let mut statements = tree.children(body).filter(|&id| {
        let node = tree.node(id);
        node.named && !matches!(node.kind, "comment" | "declaration")
    });
    let start = file.tokens[found.start].start;
    statements.next().is_some_and(|id| tree.node(id).range.start == start)
}

/// What the values of the arms are.
pub fn element(
    parsed: &AlignedMember<'_>,
    found: &Ladder,
    sink: Option<&str>,
) -> Result<Element, Refusal> {
    let file = parsed.file;
    let offset = |range: &Range<usize>| file.tokens[range.start].start;
    let values: Vec<&Range<usize>> = found.arms.iter().map(|arm| &arm.value).collect();
    let refuse = |at: &Range<usize>, detail: String| {
        Err(file.refuse(Reason::LadderValues, offset(at), detail))
    };
    let name =
        lossy(file.text(file.token_at(
            file.function_at(offset(values[0])).map_or(0, |function| function.name.start),
        )));
    let target = match sink {
        None => file.unit.function(&name).ok().map(|it| it.return_type),
        Some(sink) => keys::declared(parsed, sink.as_bytes()),
    };
    let is_string =
        |range: &Range<usize>| range.clone().all(|at| file.tokens[at].kind == TokenKind::Str);
    let is_text = values.iter().all(|range| is_string(range));
    if found.form == Form::Choices {
        agree(file, found, is_text)?;
    }
    if is_text {
        return match target.as_deref() {
            Some(ctype @ ("const char *" | "char *")) => Ok(Element::Strings(ctype.to_owned())),
            None => Ok(Element::Strings("const char *".to_owned())),
            Some(other) => refuse(values[0], format!("a string becomes a {other}")),
        };
    }
    let mut least = 0;
    let mut most = 0;
    for range in &values {
        let text = text_of(file, (*range).clone());
        match file.unit.constant(&text) {
            Ok(constant) => {
                let number = !matches!(constant.ctype, CType::Pointer(_) | CType::CharPtr);
                let Some(value) = constant.value.filter(|_| number) else {
                    return refuse(range, format!("the value of `{text}` is not known"));
                };
                if target.as_ref().is_some_and(|ctype| decl::is_cut(ctype, value)) {
                    let ctype = target.unwrap_or_default();
                    return refuse(range, format!("`{text}` is cut where it becomes a {ctype}"));
                }
                least = least.min(value);
                most = most.max(value);
            }
            Err(problem) => return refuse(range, format!("`{text}` is no constant: {problem}")),
        }
    }
    if let Some(ctype) = target {
        let is_plain =
            keys::may_be_compared(file, &ctype) || matches!(ctype.as_str(), "s64" | "long long");
        return match is_plain {
            true => Ok(Element::Numbers(ctype)),
            false => refuse(values[0], format!("a number becomes a {ctype}")),
        };
    }
    // Each is converted as it is: the narrowest type that has them all.
    const TYPES: &[(&str, i128, i128)] = &[
        ("u8", 0, 0xff),
        ("u16", 0, 0xffff),
        ("int", -0x8000_0000, 0x7fff_ffff),
        ("u32", 0, 0xffff_ffff),
    ];
    let fits = |(_, from, to): &&(&str, i128, i128)| *from <= least && most <= *to;
    match TYPES.iter().find(fits) {
        Some((ctype, ..)) => Ok(Element::Numbers((*ctype).to_owned())),
        None => refuse(values[0], "the values fit no 32 bits".to_owned()),
    }
}

/// The sides of a chain of `?:` have one type, so that none is converted to that of another
/// before it goes where they all go.
fn agree(file: &FileContext, found: &Ladder, is_text: bool) -> Result<(), Refusal> {
    let sides = found.arms.iter().map(|arm| &arm.value).chain(&found.default);
    let mut first: Option<CType> = None;
    for side in sides {
        let text = text_of(file, side.clone());
        let is_string = side.clone().all(|at| file.tokens[at].kind == TokenKind::Str);
        let ctype = file.unit.constant(&text).ok().map(|it| it.ctype);
        let is_like = match ctype {
            _ if is_text => is_string || text == "NULL",
            Some(ctype) => *first.get_or_insert_with(|| ctype.clone()) == ctype,
            None => false,
        };
        if !is_like {
            let detail = format!("`{text}` is of another type than the other sides");
            return Err(file.refuse(Reason::LadderValues, file.tokens[side.start].start, detail));
        }
    }
    Ok(())
}

/// The rows for the arms, with their comments.
pub fn rows(file: &FileContext, found: &Ladder) -> Result<Vec<Row>, Refusal> {
    let mut rows = Vec::new();
    let mut kept = 0;
    let mut from = found.inside;
    let starts = found.arms.iter().map(|arm| file.tokens[arm.tokens.start].start as usize);
    let behind_all = file.tokens[found.end].end as usize;
    let nexts = starts.skip(1).chain([behind_all]);
    for (arm, next) in found.arms.iter().zip(nexts) {
        let start = file.tokens[arm.tokens.start].start as usize;
        let end = file.tokens[arm.tokens.end - 1].end as usize;
        // What stands behind it on its line is about it.
        let end = file.line_end(end.saturating_sub(1)).min(next.max(end));
        // The default arm, or what is behind the last one.
        let from_here = from.min(start);
        let comments = lexer::comments(&file.bytes, from_here, end);
        let text = |range: &Range<usize>| lossy(&file.bytes[range.clone()]);
        let refuse = |at: usize| {
            let detail = "a comment would be lost";
            Err(file.refuse(Reason::CommentsDiffer, at as u32, detail))
        };
        let (mut above, mut behind) = (Vec::new(), Vec::new());
        for comment in &comments {
            let alone = file.is_blank(file.line_start(comment.start)..comment.start)
                && file.is_blank(comment.end..file.line_end(comment.end - 1));
            let is_line = tables::is_one_line(&file.bytes[comment.clone()]);
            match (alone && comment.end <= start, is_line) {
                (true, true) => above.push(text(comment)),
                (false, true) if !alone && comment.start > start => behind.push(text(comment)),
                _ => return refuse(comment.start),
            }
            kept += 1;
        }
        if behind.len() > 1 || !behind.is_empty() && arm.labels.len() > 1 {
            return refuse(start);
        }
        for (index, label) in arm.labels.iter().enumerate() {
            rows.push(Row {
                key: text_of(file, label.clone()),
                value: text_of(file, arm.value.clone()),
                comment: behind.first().cloned(),
                above: if index == 0 { std::mem::take(&mut above) } else { Vec::new() },
            });
        }
        from = end;
    }
    let all = lexer::comments(&file.bytes, found.inside, file.tokens[found.end].start as usize);
    let default = found
        .default
        .clone()
        .filter(|it| !it.is_empty())
        .map(|it| file.tokens[it.start].start as usize..file.tokens[it.end - 1].end as usize);
    let in_default = |at: usize| default.as_ref().is_some_and(|range| range.contains(&at));
    let lost = all.iter().filter(|comment| !in_default(comment.start)).nth(kept);
    match lost {
        Some(comment) => {
            let detail = "a comment would be lost";
            Err(file.refuse(Reason::CommentsDiffer, comment.start as u32, detail))
        }
        None => Ok(rows),
    }
}

/// Whether the ladder is most of what its function does: the function has no `switch` but it,
/// it stands at the top of its body, and beside few statements.
pub fn is_most_of_it(parsed: &AlignedMember<'_>, found: &Ladder) -> bool {
    let (file, tree) = (parsed.file, &parsed.tree);
    let Some(body) = tree.of_kind("compound_statement").next() else { return false };
    let statements = tree.children(body).filter(|&id| {
        let node = tree.node(id);
        node.named && !matches!(node.kind, "comment" | "declaration")
    });
    let starts: Vec<u32> = statements.map(|id| tree.node(id).range.start).collect();
    let own = file.tokens[found.start].start..file.tokens[found.end].end;
    let others = starts.iter().filter(|start| !own.contains(start)).count();
    let switches = usize::from(found.form == Form::Switch);
    starts.contains(&own.start)
        && tree.of_kind("switch_statement").count() == switches
        && others < MOST_STATEMENTS
}

/// What one value is called: after what is assigned, or what the function says.
pub fn noun(file: &FileContext, found: &Ladder, sink: Option<&str>) -> Option<String> {
    let function = file.function_at(file.tokens[found.start].start)?;
    let function = lossy(function.name(&file.bytes));
    let is_text = file.tokens[found.arms[0].value.start].kind == TokenKind::Str;
    let last = sink.map(|sink| sink.rsplit(['.', '>']).next().unwrap_or(sink).trim().to_owned());
    let said = words::words(&function);
    let of_function = || {
        let telling = said.iter().rev().find(|word| {
            !matches!(word.as_str(), "get" | "to" | "str" | "string" | "of" | "by" | "from")
        });
        telling.cloned().unwrap_or_else(|| "value".to_owned())
    };
    let stem = || {
        let telling: Vec<&String> = said
            .iter()
            .filter(|word| {
                let is_mute = matches!(
                    word.as_str(),
                    "get"
                        | "to"
                        | "str"
                        | "string"
                        | "strings"
                        | "name"
                        | "names"
                        | "text"
                        | "desc"
                        | "description"
                        | "print"
                        | "show"
                        | "dump"
                        | "of"
                );
                !is_mute
            })
            .collect();
        let last = &telling[telling.len().saturating_sub(2)..];
        last.iter().map(|word| word.as_str()).collect::<Vec<_>>().join("_")
    };
    // What says nothing of what is in it.
    const MUTE: &[&str] = &[
        "rc", "ret", "retval", "rv", "err", "error", "val", "value", "res", "result", "str", "s",
        "p", "ptr", "string", "tmp", "temp", "t", "x", "v", "i", "n", "r", "data", "reg", "pret",
    ];
    let says = |last: &String| {
        let lower = last.to_lowercase();
        let end = lower.rsplit('_').next().unwrap_or_default();
        !MUTE.contains(&end) && !end.bytes().any(|byte| byte.is_ascii_digit())
    };
    let base = match last.filter(says) {
        Some(last) => last,
        None if is_text && !stem().is_empty() => format!("{}_name", stem()),
        None if is_text => "name".to_owned(),
        None => of_function(),
    };
    Some(base.to_lowercase())
}
