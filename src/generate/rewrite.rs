//! From a plan to the edits of its files.

use super::family;
use super::helper::{self, one_line};
use super::layout;
use super::library;
use super::lookup;
use super::repeat;
use super::templates::{TemplateError, Templates};
use super::{Edit, EditSet};
use crate::plan::align::{OwnParameter, lossy};
use crate::plan::callers;
use crate::plan::uses::CallSite;
use crate::plan::{Fate, FileContext, MemberPlan, Plan, Preamble, Remedy};
use serde::Serialize;
use std::ops::Range;

/// What the template of a thin function's body is given.
#[derive(Serialize)]
struct ThinData {
    /// The lines of a comment of the function's own, for above the call.
    comment: Vec<String>,
    /// The function returns a value.
    returns: bool,
    /// What it calls.
    name: String,
    /// The arguments, separated by commas.
    arguments: String,
}

/// The edits that carry out `plan` on `files`, which are those of the plan in its order.
///
/// # Errors
/// A template that cannot be rendered.
pub fn edits(
    plan: &Plan,
    files: &[&FileContext],
    templates: &Templates,
) -> Result<EditSet, TemplateError> {
    let mut edits: Vec<Vec<Edit>> = vec![Vec::new(); files.len()];
    let callee = match &plan.remedy {
        Remedy::Helper(helper) => {
            let (home, at) = (files[plan.home_index()], helper.insert_at);
            let mut text = helper::text(plan, helper, files[0], templates)?;
            if let Some(family) = &plan.family {
                let rows = family::table(family, helper, &plan.rule, templates)?;
                text.splice(0..0, rows.into_bytes());
            }
            if plan.is_hosted {
                // Behind a function and what exports it.
                text.truncate(text.trim_ascii_end().len());
                text.push(b'\n');
            }
            let above = home.bytes[..at].trim_ascii_end().len();
            let newlines = memchr::memchr_iter(b'\n', &home.bytes[above..at]).count();
            if above > 0 && newlines < 2 {
                text.insert(0, b'\n');
            }
            if let Some(family) = &plan.family {
                edits[0].extend(family::edits(family));
            }
            edits[plan.home_index()].push(Edit { range: at..at, text });
            helper.name.clone()
        }
        Remedy::Merge(survivor) => plan.members[*survivor].name.clone(),
        Remedy::Elide(callee) => callee.clone(),
        Remedy::Delete => String::new(),
        Remedy::Lookup(lookup) => {
            edits[0].extend(lookup::edits(lookup, files[0], &plan.rule, templates)?);
            String::new()
        }
        Remedy::Loop(it) => {
            edits[0].extend(repeat::edits(it, files[0], &plan.rule, templates)?);
            String::new()
        }
    };
    for (index, member) in plan.members.iter().enumerate() {
        let (file, edits) = (files[member.file], &mut edits[member.file]);
        match member.fate {
            // What only its file knew is made known to the others.
            Fate::Survives if plan.declaration.is_some() => {
                let range = member.function.start as usize..member.function.body as usize;
                let text = helper::global_signature(member, file).into_bytes();
                edits.push(Edit { range, text });
                let gone = member.uses.prototypes.iter();
                edits.extend(gone.map(|range| Edit { range: range.clone(), text: Vec::new() }));
            }
            Fate::Survives => {}
            Fate::Thin => edits.push(thin(plan, index, &callee, file, templates)?),
            Fate::Gone => gone(plan, index, &callee, file, edits),
        }
    }
    let mut set = EditSet::default();
    if let Some(library) = &plan.library {
        for (path, edit) in library::edits(library, templates)? {
            set.files.entry(path).or_default().push(edit);
        }
        set.files.values_mut().for_each(|edits| edits.sort_by_key(|edit| edit.range.start));
    }
    let declared = plan.declaration.iter().flat_map(|it| &it.includes);
    let of_library = plan.library.iter().flat_map(|it| &it.includes);
    for (path, line) in of_library.chain(declared) {
        if let Some(index) = files.iter().position(|file| file.path == *path) {
            edits[index].push(preamble(line));
        }
    }
    for (file, edits) in files.iter().zip(edits) {
        set.files.insert(file.path.clone(), ordered(file, edits));
    }
    if let Some(declaration) = &plan.declaration {
        let member = match &plan.remedy {
            Remedy::Helper(_)
            | Remedy::Elide(_)
            | Remedy::Delete
            | Remedy::Lookup(_)
            | Remedy::Loop(_) => &plan.members[0],
            Remedy::Merge(survivor) => &plan.members[*survivor],
        };
        let mut text = helper::prototype(plan, member, files[member.file], templates)?;
        if declaration.is_apart {
            text.insert(0, b'\n');
        }
        let range = declaration.insert_at..declaration.insert_at;
        let of_header = set.files.entry(declaration.header.clone()).or_default();
        of_header.extend(declaration.preambles.iter().map(preamble));
        of_header.push(Edit { range, text });
        of_header.sort_by_key(|edit| edit.range.start);
    }
    Ok(set)
}

/// What a file gets at its top.
pub(super) fn preamble(preamble: &Preamble) -> Edit {
    let Preamble { at, includes, tags, blank_above, blank_below } = preamble;
    let blank = |is_there: bool| is_there.then(String::new);
    let mut lines: Vec<String> = Vec::new();
    lines.extend(blank(*blank_above));
    lines.extend(includes.iter().map(|it| format!("#include {it}")));
    lines.extend(blank(!includes.is_empty() && !tags.is_empty()));
    lines.extend(tags.iter().map(|it| format!("struct {it};")));
    lines.extend(blank(*blank_below));
    Edit { range: *at..*at, text: (lines.join("\n") + "\n").into_bytes() }
}

/// The edits of a file in their order, with its line ends.
fn ordered(file: &FileContext, mut edits: Vec<Edit>) -> Vec<Edit> {
    if file.crlf {
        for edit in &mut edits {
            edit.text = with_crlf(&edit.text);
        }
    }
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    edits
}

fn with_crlf(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    for (at, &byte) in text.iter().enumerate() {
        if byte == b'\n' && (at == 0 || text[at - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}

fn thin(
    plan: &Plan,
    index: usize,
    callee: &str,
    file: &FileContext,
    templates: &Templates,
) -> Result<Edit, TemplateError> {
    let member = &plan.members[index];
    let name = |own: &OwnParameter| own.name.as_deref().map(lossy);
    let arguments: Vec<String> = match &plan.remedy {
        Remedy::Helper(helper) => {
            let own = member.own.iter().map(name).collect();
            let new = helper.parameters.iter().map(|it| Some(it.arguments[index].clone()));
            helper.arranged(own, new.collect()).into_iter().flatten().collect()
        }
        Remedy::Merge(_)
        | Remedy::Elide(_)
        | Remedy::Delete
        | Remedy::Lookup(_)
        | Remedy::Loop(_) => member.own.iter().filter_map(name).collect(),
    };
    let carried = match &plan.remedy {
        Remedy::Helper(helper) => helper.comments.carried[index].as_ref(),
        Remedy::Merge(_)
        | Remedy::Elide(_)
        | Remedy::Delete
        | Remedy::Lookup(_)
        | Remedy::Loop(_) => None,
    };
    let data = ThinData {
        comment: carried.map(|range| comment_lines(file, range)).unwrap_or_default(),
        returns: !returns_void(file, member),
        name: callee.to_owned(),
        arguments: arguments.join(", "),
    };
    let text = layout::wrap(&templates.render(&plan.rule.templates.thin, &data)?);
    let range = member.function.body as usize..member.function.end as usize;
    Ok(Edit { range, text: text.trim_end().as_bytes().to_vec() })
}

/// A comment's lines, without the white space that indented them.
fn comment_lines(file: &FileContext, range: &Range<usize>) -> Vec<String> {
    let text = lossy(&file.bytes[range.clone()]);
    let line = |line: &str| {
        let bare = line.trim();
        if bare.starts_with('*') { format!(" {bare}") } else { bare.to_owned() }
    };
    text.lines().map(line).collect()
}

/// Whether the function's return type is `void` (and not `void *`).
fn returns_void(file: &FileContext, member: &MemberPlan) -> bool {
    let name = file.token_at(member.function.name.start);
    let words: Vec<&[u8]> =
        (file.token_at(member.function.start)..name).map(|i| file.text(i)).collect();
    words.contains(&&b"void"[..]) && !words.contains(&&b"*"[..])
}

/// Deletes a member with its prototypes and rewrites its uses.
fn gone(plan: &Plan, index: usize, callee: &str, file: &FileContext, edits: &mut Vec<Edit>) {
    let member = &plan.members[index];
    let range = crate::plan::fate::extent(member);
    let start = file.line_start(range.start);
    let mut end = file.line_end(range.end.saturating_sub(1));
    // The blank line behind it goes with it.
    let blank = |range: Range<usize>| file.is_blank(range);
    let above = start.checked_sub(1).map(|at| file.line_start(at));
    while end < file.bytes.len() && blank(end..file.line_end(end)) {
        end = file.line_end(end);
        // One blank line stays between what was above and what comes below.
        if above.is_none_or(|above| !blank(above..start)) {
            break;
        }
    }
    let at_end = end == file.bytes.len();
    let start = above.filter(|&above| at_end && blank(above..start)).unwrap_or(start);
    edits.push(Edit { range: start..end, text: Vec::new() });
    let gone = plan.members.iter().filter(|it| it.file == member.file && it.fate == Fate::Gone);
    let prototypes: Vec<&Range<usize>> = gone.flat_map(|it| &it.uses.prototypes).collect();
    for prototype in &member.uses.prototypes {
        let range = with_blank_line(file, prototype, &prototypes);
        edits.push(Edit { range, text: Vec::new() });
    }
    for &token in &member.uses.addresses {
        let range = file.tokens[token].range();
        edits.push(Edit { range, text: callee.as_bytes().to_vec() });
    }
    // A call inside the arguments of another one is rewritten with that one.
    for call in &member.uses.calls {
        let Remedy::Helper(helper) = &plan.remedy else {
            edits.extend(call_edits(file, call, callee, &[]));
            continue;
        };
        let new = callers::arguments(file, member, call, &helper.parameters, index);
        if helper.dropped.is_empty() {
            edits.extend(call_edits(file, call, callee, &new));
        } else {
            let own = split_arguments(file, call.parens.0, call.parens.1);
            edits.push(laid_out(file, call, callee, &helper.arranged(own, new)));
        }
    }
}

/// A prototype with the blank line behind it, where another stands before it and before
/// those of `gone` that go, too.
fn with_blank_line(
    file: &FileContext,
    prototype: &Range<usize>,
    gone: &[&Range<usize>],
) -> Range<usize> {
    let mut start = prototype.start;
    while let Some(above) = gone.iter().find(|it| it.end == start && it.start < start) {
        start = above.start;
    }
    let above = start.checked_sub(1).map(|at| file.line_start(at)..start);
    let behind = prototype.end..file.line_end(prototype.end);
    let is_alone = above.is_none_or(|above| file.is_blank(above)) && !behind.is_empty();
    match is_alone && file.is_blank(behind.clone()) {
        true => prototype.start..behind.end,
        false => prototype.clone(),
    }
}

/// Renames the callee and adds the new arguments. Where the line gets too wide,
/// or the call already took several, the arguments are laid out anew.
fn call_edits(file: &FileContext, call: &CallSite, callee: &str, extra: &[String]) -> Vec<Edit> {
    let (open, close) = call.parens;
    let name = file.tokens[call.name].range();
    let inside = &file.bytes[file.tokens[open].end as usize..file.tokens[close].start as usize];
    let (lead, trail) = around(file, call);
    let simple = !inside.contains(&b'\n');
    let has_arguments = open + 1 < close;
    let added = if extra.is_empty() {
        String::new()
    } else {
        format!("{}{}", if has_arguments { ", " } else { "" }, extra.join(", "))
    };
    let old_width = extent(file, call).len();
    let new_width = callee.len()
        + (file.tokens[open].start as usize - name.end)
        + 2
        + inside.len()
        + added.len();
    let column = layout::column_after(lead, 0);
    let fits = column + new_width + trail.len() <= layout::WIDTH || new_width <= old_width;
    if simple && fits || file.has_comment(call.parens) {
        let at = file.tokens[close].start as usize;
        let mut edits = vec![Edit { range: name, text: callee.as_bytes().to_vec() }];
        if !added.is_empty() {
            edits.push(Edit { range: at..at, text: added.into_bytes() });
        }
        return edits;
    }
    let mut arguments = split_arguments(file, open, close);
    arguments.extend(extra.iter().cloned());
    vec![laid_out(file, call, callee, &arguments)]
}

/// The call of `callee` with these arguments, laid out anew.
fn laid_out(file: &FileContext, call: &CallSite, callee: &str, arguments: &[String]) -> Edit {
    let (lead, trail) = around(file, call);
    let text = layout::call(lead, &format!("{callee}("), arguments, trail);
    Edit { range: extent(file, call), text: text.into_bytes() }
}

/// The bytes of a call, from its name on.
fn extent(file: &FileContext, call: &CallSite) -> Range<usize> {
    file.tokens[call.name].start as usize..file.tokens[call.parens.1].end as usize
}

/// What stands before a call in its line, and behind it.
fn around<'f>(file: &'f FileContext, call: &CallSite) -> (&'f [u8], &'f [u8]) {
    let Range { start, end } = extent(file, call);
    let trail = &file.bytes[end..file.line_end(end.saturating_sub(1))];
    (&file.bytes[file.line_start(start)..start], trail.trim_ascii_end())
}

/// The arguments between two parentheses, each on one line.
fn split_arguments(file: &FileContext, open: usize, close: usize) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut depth = 0i32;
    let mut from = file.tokens[open].end as usize;
    for index in open + 1..close {
        match file.text(index) {
            b"(" | b"[" | b"{" => depth += 1,
            b")" | b"]" | b"}" => depth -= 1,
            b"," if depth == 0 => {
                arguments.push(one_line(&file.bytes[from..file.tokens[index].start as usize]));
                from = file.tokens[index].end as usize;
            }
            _ => {}
        }
    }
    if open + 1 < close {
        arguments.push(one_line(&file.bytes[from..file.tokens[close].start as usize]));
    }
    arguments
}
