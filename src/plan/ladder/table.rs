//! The array that a `switch` becomes: what it holds, whether a key may be used as its
//! index, and where it is declared.

use super::switch::Switch;
use super::text_of;
use crate::plan::align::{AlignedMember, lossy};
use crate::plan::refusal::{Reason, Refusal};
use crate::plan::types::expression;
use crate::plan::{FileContext, OpenFile, tables, words};
use crate::syntax::decl::{CType, DefinitionKind, TagKind};
use crate::syntax::{NodeId, TokenKind, lexer};
use std::collections::BTreeSet;
use std::ops::Range;

/// Rows without a key that an array may have, for each that has one.
const MOST_HOLES: i128 = 2;

/// Statements of a function that is there for its switch.
const MOST_STATEMENTS: usize = 4;

/// The largest key of an array.
const LARGEST: i128 = 0xffff;

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

/// The type of the one variable or parameter of this name, if it is a number or a pointer.
pub fn declared(parsed: &AlignedMember<'_>, name: &[u8]) -> Option<String> {
    expression::declared(parsed, name)?.text()
}

/// The type of the member that the path of tokens `path` leads to, from a variable of the
/// function's own: a number, read from where it stands as any other.
///
/// # Errors
/// Why that is not known.
pub fn of_member(parsed: &AlignedMember<'_>, path: Range<usize>) -> Result<String, String> {
    let file = parsed.file;
    let text = |at: usize| lossy(file.text(at));
    let base = declared(parsed, file.text(path.start))
        .ok_or_else(|| format!("{} is no variable of the function's own", text(path.start)))?;
    let is_pointer = base.ends_with('*');
    let is_reached = |at: usize, is_pointer: bool| (file.text(at) == b"->") == is_pointer;
    let unit = &file.unit;
    let mut field = None;
    for at in (path.start + 1..path.end).step_by(2) {
        let layout = match &field {
            None if is_reached(at, is_pointer) && !base.ends_with("**") => {
                unit.layout(base.trim_end_matches(['*', ' ']))
            }
            None => return Err(format!("{base} has no members")),
            Some(field) => unit.layout_of(field, file.text(at) == b"->"),
        };
        let found = layout.and_then(|layout| layout.field(&text(at + 1)));
        field = Some(found.map_err(|problem| problem.to_string())?);
    }
    let field = field.ok_or("it is no member")?;
    let ctype = field.type_text.trim_start_matches("const ").to_owned();
    let is_plain = field.pointer_depth == 0 && field.dimensions == 0 && !field.is_bit_field;
    match is_plain && !ctype.contains("volatile") {
        true => Ok(ctype),
        false => Err(format!("it is a {ctype}, in part or more than once")),
    }
}

/// Whether the switch is the first statement of the body.
pub fn is_first(parsed: &AlignedMember<'_>, found: &Switch) -> bool {
    let (file, tree) = (parsed.file, &parsed.tree);
    let Some(body) = tree.of_kind("compound_statement").next() else { return false };
    let mut statements = tree.children(body).filter(|&id| {
        let node = tree.node(id);
        node.named && !matches!(node.kind, "comment" | "declaration")
    });
    let start = file.tokens[found.start].start;
    statements.next().is_some_and(|id| tree.node(id).range.start == start)
}

/// Types whose values compare with a `size_t` as numbers that are not less than 0, or as
/// ones that are larger than any array: all but signed ones of 64 bits, which would be
/// wider than that on 32-bit machines, and types that `sparse` does not let be numbers.
pub fn may_be_compared(file: &FileContext, ctype: &str) -> bool {
    const NUMBERS: &[&str] = &[
        "u8",
        "u16",
        "u32",
        "u64",
        "s8",
        "s16",
        "s32",
        "__u8",
        "__u16",
        "__u32",
        "__u64",
        "__s8",
        "__s16",
        "__s32",
        "int",
        "unsigned int",
        "unsigned",
        "unsigned long",
        "long",
        "short",
        "unsigned char",
        "unsigned short",
        "char",
        "signed char",
        "size_t",
        "ssize_t",
        "uint8_t",
        "uint16_t",
        "uint32_t",
        "uint64_t",
        "int8_t",
        "int16_t",
        "int32_t",
        "uint",
        "ulong",
        "ushort",
        "unchar",
        "u_char",
        "u_int",
        "u_short",
        "unsigned long long",
        "signed int",
        "unsigned short int",
        "unsigned long int",
        "short int",
        "long int",
    ];
    if NUMBERS.contains(&ctype) {
        return true;
    }
    if let Some(tag) = ctype.strip_prefix("enum ") {
        return !file.unit.lookup_tag(TagKind::Enum, tag).is_empty();
    }
    // A typedef of an enum.
    let found = file.unit.lookup(ctype);
    !found.is_empty()
        && found.iter().all(|it| match &it.kind {
            DefinitionKind::Typedef { target } => target.starts_with("enum"),
            _ => false,
        })
}

/// What the values of the arms are.
pub fn element(
    parsed: &AlignedMember<'_>,
    found: &Switch,
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
        Some(sink) => declared(parsed, sink.as_bytes()),
    };
    let is_string =
        |range: &Range<usize>| range.clone().all(|at| file.tokens[at].kind == TokenKind::Str);
    if values.iter().all(|range| is_string(range)) {
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
                least = least.min(value);
                most = most.max(value);
            }
            Err(problem) => return refuse(range, format!("`{text}` is no constant: {problem}")),
        }
    }
    if let Some(ctype) = target {
        let is_plain =
            may_be_compared(file, &ctype) || matches!(ctype.as_str(), "s64" | "long long");
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

/// The rows for the arms, with their comments.
pub fn rows(file: &FileContext, found: &Switch) -> Result<Vec<Row>, Refusal> {
    let mut rows = Vec::new();
    let mut kept = 0;
    let mut from = file.tokens[found.open].end as usize;
    for arm in &found.arms {
        let start = file.tokens[arm.tokens.start].start as usize;
        let end = file.tokens[arm.tokens.end - 1].end as usize;
        let end = file.line_end(end.saturating_sub(1));
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
    let open = file.tokens[found.open].end as usize;
    let all = lexer::comments(&file.bytes, open, file.tokens[found.end].start as usize);
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

/// Whether the switch is most of what its function does: the function has no other, it
/// stands at the top of its body, and beside few statements.
pub fn is_most_of_it(parsed: &AlignedMember<'_>, found: &Switch) -> bool {
    let (file, tree) = (parsed.file, &parsed.tree);
    let Some(body) = tree.of_kind("compound_statement").next() else { return false };
    let start = file.tokens[found.start].start;
    let statements: Vec<NodeId> = tree
        .children(body)
        .filter(|&id| {
            let node = tree.node(id);
            node.named && !matches!(node.kind, "comment" | "declaration")
        })
        .collect();
    let is_at_top = statements.iter().any(|&id| tree.node(id).range.start == start);
    let others = tree.of_kind("switch_statement").count();
    is_at_top && others == 1 && statements.len() <= MOST_STATEMENTS
}

/// Whether the array has rows without a key, which must be told from the others by their
/// value; not where they have the value that other keys get, `default_is_zero`.
pub fn has_holes(
    file: &FileContext,
    found: &Switch,
    element: &Element,
    default_is_zero: bool,
) -> Result<bool, Refusal> {
    let refuse =
        |reason, at: usize, detail: String| Err(file.refuse(reason, file.tokens[at].start, detail));
    let mut keys = BTreeSet::new();
    for label in found.arms.iter().flat_map(|arm| &arm.labels) {
        let ends = ends(file, label.clone());
        let mut values = Vec::new();
        for end in &ends {
            let text = text_of(file, end.clone());
            let value = file.unit.constant(&text).ok().and_then(|it| it.value);
            match value {
                Some(value) if value >= 0 => values.push(value),
                Some(value) => {
                    let detail = format!("`{text}` is {value}, which is no index");
                    return refuse(Reason::LadderKey, end.start, detail);
                }
                None => {
                    let detail = format!("the value of `{text}` is not known");
                    return refuse(Reason::LadderValues, end.start, detail);
                }
            }
        }
        let (Some(first), Some(last)) = (values.first(), values.last()) else {
            return refuse(Reason::LadderArms, label.start, "a label is empty".to_owned());
        };
        if *last > LARGEST {
            let detail = format!("key {last} is beyond what an array is made for");
            return refuse(Reason::LadderHoles, label.start, detail);
        }
        keys.extend(*first..=*last);
    }
    let count = keys.last().map_or(0, |last| last + 1);
    let with_key = keys.len() as i128;
    if count > with_key * (MOST_HOLES + 1) {
        let detail =
            format!("{with_key} keys of {count}: the array would be empty for the most part");
        return refuse(Reason::LadderHoles, found.start, detail);
    }
    if count == with_key || default_is_zero {
        return Ok(false);
    }
    if let Element::Numbers(_) = element {
        let mut named = true;
        for arm in &found.arms {
            let text = text_of(file, arm.value.clone());
            if file.unit.constant(&text).ok().and_then(|it| it.value).is_none_or(|it| it == 0) {
                let detail = format!("`{text}` cannot be told from a key without an arm");
                return refuse(Reason::LadderHoles, arm.value.start, detail);
            }
            named &= file
                .unit
                .lookup(&text)
                .iter()
                .any(|it| matches!(it.kind, DefinitionKind::Enumerator { .. }));
        }
        if named {
            // An arm for it may come.
            let detail = "0, for a key without an arm, is an enumerator as well".to_owned();
            return refuse(Reason::LadderHoles, found.start, detail);
        }
    }
    Ok(true)
}

/// The two ends of `a ... b`, or the one key.
fn ends(file: &FileContext, label: Range<usize>) -> Vec<Range<usize>> {
    match label.clone().find(|&at| file.text(at) == b"...") {
        Some(dots) => vec![label.start..dots, dots + 1..label.end],
        None => vec![label],
    }
}

/// Whether the statements give 0 where the arms give their values, and do nothing else.
pub fn gives_zero(file: &FileContext, statements: Range<usize>, found: &Switch) -> bool {
    let texts = |range: Range<usize>| range.map(|at| file.text(at)).collect::<Vec<_>>();
    let mut expected = match &found.sink {
        None => vec![&b"return"[..]],
        Some(sink) => [texts(sink.clone()), vec![b"="]].concat(),
    };
    let value = |text: &[u8]| {
        let constant = || file.unit.constant(&lossy(text)).ok().and_then(|it| it.value);
        text == b"NULL" || constant() == Some(0)
    };
    let given = texts(statements);
    let [.., last, end] = given.as_slice() else { return false };
    expected.extend([*last, b";"]);
    value(last) && *end == b";" && given == expected
}

/// What the array is called: after what is assigned, or what the function says.
pub fn name(
    open: &OpenFile,
    parsed: &AlignedMember<'_>,
    found: &Switch,
    sink: Option<&str>,
) -> Option<String> {
    let file = &open.context;
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
        "p", "ptr", "string", "tmp", "temp", "t", "x", "v", "i", "n", "r", "data", "reg",
    ];
    let base = match last.filter(|last| !MUTE.contains(&last.as_str())) {
        Some(last) => last,
        None if is_text && !stem().is_empty() => format!("{}_name", stem()),
        None if is_text => "name".to_owned(),
        None => of_function(),
    };
    tables::free_name(open, parsed, &base.to_lowercase())
}
