//! Writes each run as a function above the one that it stood in, and calls it there.

use super::interface::{Guard, Interface, Outcome, Variable};
use crate::generate::Edit;
use crate::generate::helper::one_line;
use crate::plan::align::lossy;
use crate::plan::{FileContext, Reason, Refusal};
use crate::syntax::{Function, lexer};
use std::ops::Range;

/// A file whose runs are functions of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// From the file as it is to that one, in order.
    pub edits: Vec<Edit>,
    /// The names of the new functions, in the order of the members.
    pub parts: Vec<String>,
}

/// A member with the run that is lifted out of it.
pub struct Part<'a> {
    /// Its function.
    pub function: &'a Function,
    /// Where a new function comes to stand above it.
    pub insert_at: usize,
    /// Its run's tokens.
    pub run: Range<usize>,
    /// What the run takes and gives.
    pub interface: &'a Interface,
    /// The name of the new function.
    pub name: String,
}

/// Words in front of a function's name that a part of it has, too.
const SECTIONS: [&[u8]; 4] = [b"__init", b"__exit", b"__init_or_module", b"__ref"];

/// Lifts all `parts` out of `file`.
///
/// # Errors
/// `not-separable` where a run, or the function around it, is not written as usual.
pub fn lift(file: &FileContext, parts: &[Part<'_>]) -> Result<Lifted, Refusal> {
    let mut edits = Vec::new();
    for part in parts {
        edits.extend(edits_of(file, part)?);
    }
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    Ok(Lifted { edits, parts: parts.iter().map(|part| part.name.clone()).collect() })
}

fn edits_of(file: &FileContext, part: &Part<'_>) -> Result<Vec<Edit>, Refusal> {
    let refuse = |detail: &str| {
        let at = file.tokens[part.run.start].start;
        Err(file.refuse(Reason::NotSeparable, at, detail))
    };
    let Some((lines, run)) = extent(file, &part.run) else {
        return refuse("it shares a line with what is around it");
    };
    let Some((section, own_type)) = head(file, part.function) else {
        return refuse("the function has attributes");
    };
    let (ctype, call) = match &part.interface.result {
        Outcome::Whole if own_type == "void " => (own_type, String::new()),
        Outcome::Whole => (own_type, "return ".to_owned()),
        Outcome::Nothing => ("void ".to_owned(), String::new()),
        Outcome::Value(variable) => {
            let name = lossy(&variable.name);
            (type_of(variable), format!("{name} = "))
        }
        Outcome::Status(variable, _) => {
            ("int ".to_owned(), format!("{} = ", lossy(&variable.name)))
        }
    };
    let declarations = |list: &[Variable]| -> Vec<String> {
        list.iter().map(|it| it.declaration.clone()).collect()
    };
    let mut parameters = declarations(&part.interface.parameters).join(", ");
    if parameters.is_empty() {
        parameters.push_str("void");
    }
    let mut text = format!("static {ctype}{section}{}({parameters})\n{{\n", part.name).into_bytes();
    for local in &part.interface.locals {
        text.extend(format!("\t{}{};\n", local.declaration, local.initialiser).into_bytes());
    }
    if !part.interface.locals.is_empty() {
        text.push(b'\n');
    }
    text.extend_from_slice(&file.bytes[lines.clone()]);
    if let Outcome::Value(variable) = &part.interface.result {
        text.extend(format!("\n\treturn {};\n", lossy(&variable.name)).into_bytes());
    }
    if let Outcome::Status(..) = &part.interface.result {
        text.extend_from_slice(b"\n\treturn 0;\n");
    }
    text.extend_from_slice(b"}\n\n");
    let arguments: Vec<String> =
        part.interface.parameters.iter().map(|it| lossy(&it.name)).collect();
    let mut call = format!("{call}{}({});", part.name, arguments.join(", "));
    if let Outcome::Status(variable, guard) = &part.interface.result {
        let name = lossy(&variable.name);
        let fails = match guard {
            Guard::Nonzero => name.clone(),
            Guard::Negative => format!("{name} < 0"),
        };
        call.push_str(&format!("\n\tif ({fails})\n\t\treturn {name};"));
    }
    let mut edits = vec![
        Edit { range: part.insert_at..part.insert_at, text },
        Edit { range: run, text: call.into_bytes() },
    ];
    let declarations = part.interface.declarations.iter();
    edits.extend(
        declarations
            .map(|(range, text)| Edit { range: range.clone(), text: text.clone().into_bytes() }),
    );
    Ok(edits)
}

/// The whole lines of a run with the comments that belong to it, and what of them the call
/// takes the place of.
fn extent(file: &FileContext, run: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
    let first = file.tokens[run.start].start as usize;
    let before = file.tokens[run.start - 1].end as usize;
    let last = file.tokens[run.end - 1].end as usize;
    let next = file.tokens[run.end].start as usize;
    let blank = |range: Range<usize>| file.is_blank(range);
    // Comments that stand right above it.
    let mut from = first;
    for comment in lexer::comments(&file.bytes, before, first).into_iter().rev() {
        let newlines = |range: Range<usize>| memchr::memchr_iter(b'\n', &file.bytes[range]).count();
        let is_above = newlines(comment.end..from) == 1
            && newlines(before..comment.start) > 0
            && blank(file.line_start(comment.start)..comment.start);
        if !is_above {
            break;
        }
        from = comment.start;
    }
    let mut to = last;
    if let Some(comment) = lexer::comments(&file.bytes, last, next).into_iter().next()
        && memchr::memchr(b'\n', &file.bytes[last..comment.start]).is_none()
    {
        to = comment.end;
    }
    let (start, end) = (file.line_start(from), file.line_end(to - 1));
    (blank(start..from) && blank(to..end)).then_some((start..end, from..to))
}

/// The section of the function with a blank behind it, and its type; `None` where it has
/// attributes.
fn head(file: &FileContext, function: &Function) -> Option<(String, String)> {
    let name = file.token_at(function.name.start);
    let mut section = String::new();
    let mut words: Vec<&[u8]> = Vec::new();
    for at in file.token_at(function.start)..name {
        match file.text(at) {
            b"static" | b"inline" | b"__maybe_unused" | b"extern" => {}
            word if SECTIONS.contains(&word) => section = format!("{} ", lossy(word)),
            word if word.starts_with(b"__")
                && word != b"__u32"
                && !word.starts_with(b"__le")
                && !word.starts_with(b"__be") =>
            {
                return None;
            }
            b"noinline" | b"(" | b"asmlinkage" => return None,
            word => words.push(word),
        }
    }
    let close = crate::plan::uses::closing(file, name + 1)?;
    let plain = file.tokens.get(close + 1)?.start == function.body;
    let mut ctype = String::new();
    for word in words {
        ctype.push_str(&lossy(word));
        if word != b"*" {
            ctype.push(' ');
        }
    }
    plain.then_some((section, ctype))
}

/// The type of a variable, with what stands between it and a name.
fn type_of(variable: &Variable) -> String {
    let text = one_line(variable.declaration.as_bytes());
    let bare = text.strip_suffix(&lossy(&variable.name)).unwrap_or(&text).to_owned();
    if bare.ends_with('*') { bare } else { format!("{} ", bare.trim_end()) }
}
