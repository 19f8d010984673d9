//! From a plan to the edits of its file.

use super::layout;
use super::templates::{TemplateError, Templates};
use super::{Edit, EditSet};
use crate::plan::align::{OwnParameter, lossy};
use crate::plan::uses::CallSite;
use crate::plan::{Fate, FileContext, MemberPlan, Plan, Remedy};
use crate::syntax::lexer;
use serde::Serialize;
use std::ops::Range;

/// What the template of a helper is given.
#[derive(Serialize)]
struct HelperData {
    /// The comment above it, empty for none.
    comment: String,
    /// Everything before its name: storage class, attributes, return type.
    head: String,
    /// Its name.
    name: String,
    /// Its parameters, separated by commas, or `void`.
    parameters: String,
    /// Attributes behind the parameter list, with a leading blank.
    tail: String,
    /// The body with its braces.
    body: String,
}

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

/// The edits that carry out `plan` on `file`.
///
/// # Errors
/// A template that cannot be rendered.
pub fn edits(
    plan: &Plan,
    file: &FileContext,
    templates: &Templates,
) -> Result<EditSet, TemplateError> {
    let mut edits: Vec<Edit> = Vec::new();
    let callee = match &plan.remedy {
        Remedy::Helper(helper) => {
            let mut text = helper_text(plan, helper, file, templates)?;
            let above = file.bytes[..helper.insert_at].trim_ascii_end().len();
            let newlines = memchr::memchr_iter(b'\n', &file.bytes[above..helper.insert_at]).count();
            if above > 0 && newlines < 2 {
                text.insert(0, b'\n');
            }
            edits.push(Edit { range: helper.insert_at..helper.insert_at, text });
            helper.name.clone()
        }
        Remedy::Merge(survivor) => plan.members[*survivor].name.clone(),
    };
    for (index, member) in plan.members.iter().enumerate() {
        match member.fate {
            Fate::Survives => {}
            Fate::Thin => edits.push(thin(plan, index, &callee, file, templates)?),
            Fate::Gone => gone(plan, index, &callee, file, &mut edits),
        }
    }
    if file.crlf {
        for edit in &mut edits {
            edit.text = with_crlf(&edit.text);
        }
    }
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    Ok(EditSet { files: [(file.path.clone(), edits)].into() })
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

fn helper_text(
    plan: &Plan,
    helper: &crate::plan::Helper,
    file: &FileContext,
    templates: &Templates,
) -> Result<Vec<u8>, TemplateError> {
    let member = &plan.members[0];
    let function = &member.function;
    let (head, tail) = signature(file, member);
    let kept = member.own.iter().enumerate().filter(|(i, _)| !helper.dropped.contains(i));
    let own = kept.map(|(_, own)| pointer_style(&one_line(&own.text)));
    let new = helper.parameters.iter().map(|p| declared(&p.ctype, &p.name));
    let mut parameters: Vec<String> = own.chain(new).collect();
    if parameters.is_empty() {
        parameters.push("void".to_owned());
    }
    let body = body(helper, file, function);
    // The body may hold bytes that are no UTF-8: it is put in after rendering.
    const BODY: &str = "{\u{1}}";
    let data = HelperData {
        comment: comment(plan, helper, file),
        head,
        name: helper.name.clone(),
        parameters: parameters.join(", "),
        tail,
        body: BODY.to_owned(),
    };
    let text = layout::wrap(&templates.render(&plan.rule.templates.helper, &data)?);
    let (before, after) = text.split_once(BODY).unwrap_or((&text, ""));
    Ok([before.as_bytes(), &body, after.as_bytes()].concat())
}

/// A parameter's declaration: `int reg`, `const char *name`.
fn declared(ctype: &str, name: &str) -> String {
    if ctype.ends_with('*') { format!("{ctype}{name}") } else { format!("{ctype} {name}") }
}

/// `T* x` and `T * x` as the kernel writes them: `T *x`.
fn pointer_style(declaration: &str) -> String {
    let mut out = String::with_capacity(declaration.len());
    let mut rest = declaration;
    while let Some(at) = rest.find('*') {
        let before = rest[..at].trim_end();
        out.push_str(before);
        if !before.is_empty() && !before.ends_with('(') {
            out.push(' ');
        }
        let stars = rest[at..].chars().take_while(|c| matches!(c, '*' | ' '));
        let length: usize = stars.clone().map(char::len_utf8).sum();
        out.extend(stars.filter(|&c| c == '*'));
        rest = &rest[at + length..];
    }
    out + rest
}

/// Text on one line, its white space folded.
fn one_line(text: &[u8]) -> String {
    let text = lossy(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands before the name (always `static`, never `__maybe_unused`: the
/// helper has users) and behind the parameter list.
fn signature(file: &FileContext, member: &MemberPlan) -> (String, String) {
    let function = &member.function;
    let name = file.token_at(function.name.start);
    let words: Vec<usize> = (file.token_at(function.start)..name).collect();
    let mut head = String::new();
    if !words.iter().any(|&i| file.text(i) == b"static") {
        head.push_str("static ");
    }
    for (at, &index) in words.iter().enumerate() {
        let text = file.text(index);
        if matches!(text, b"__maybe_unused" | b"__always_unused" | b"extern") {
            continue;
        }
        head.push_str(&lossy(text));
        let next = words.get(at + 1).map_or(&b"x"[..], |&i| file.text(i));
        let tight = matches!(text, b"*" | b"(") || matches!(next, b"(" | b")" | b",");
        if !tight {
            head.push(' ');
        }
    }
    // The author broke the line before the name: so do we.
    let broken = name > 0
        && file.bytes[file.tokens[name - 1].end as usize..function.name.start as usize]
            .contains(&b'\n');
    if broken && head.ends_with(' ') {
        head.pop();
        head.push('\n');
    } else if broken {
        head.push('\n');
    }
    let close = crate::plan::uses::closing(file, name + 1).unwrap_or(name);
    let brace = file.token_at(function.body);
    let tail: Vec<String> = (close + 1..brace)
        .map(|i| lossy(file.text(i)))
        .filter(|word| word != "__maybe_unused")
        .collect();
    let tail = tail.concat();
    (head, if tail.is_empty() { tail } else { format!("\n\t{tail}") })
}

/// The comment of the helper: that of the first member when the member goes.
fn comment(plan: &Plan, helper: &crate::plan::Helper, file: &FileContext) -> String {
    let member = &plan.members[0];
    let (Fate::Gone, Some(range)) = (member.fate, &member.comment) else { return String::new() };
    let text = lossy(&file.bytes[range.clone()]).replace("\r\n", "\n");
    let text = replace_word(&text, &member.name, &helper.name);
    if !text.starts_with("/**") || helper.parameters.is_empty() {
        return text.trim_end().to_owned();
    }
    with_kernel_doc(&text, helper)
}

fn replace_word(text: &str, word: &str, by: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let after = rest.as_bytes().get(at + word.len()).copied().unwrap_or(b' ');
        let before = rest[..at].bytes().last().unwrap_or(b' ');
        let whole = !lexer::is_ident_byte(after) && !lexer::is_ident_byte(before);
        out.push_str(&rest[..at]);
        out.push_str(if whole { by } else { word });
        rest = &rest[at + word.len()..];
    }
    out + rest
}

/// Describes the new parameters behind the last `@name:` of a kernel-doc comment
/// (Documentation/doc-guide/kernel-doc.rst).
fn with_kernel_doc(text: &str, helper: &crate::plan::Helper) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let is_parameter =
        |line: &&str| line.trim_start().trim_start_matches('*').trim_start().starts_with('@');
    let after = lines.iter().rposition(is_parameter).map_or(1, |n| n + 1);
    let described =
        helper.parameters.iter().map(|p| format!(" * @{}: {}", p.name, p.arguments.join(" or ")));
    let mut out: Vec<String> =
        lines[..after.min(lines.len() - 1)].iter().map(|l| l.to_string()).collect();
    out.extend(described);
    out.extend(lines[after.min(lines.len() - 1)..].iter().map(|l| l.to_string()));
    out.join("\n")
}

/// The first member's body, with its holes filled by the parameters' names.
fn body(
    helper: &crate::plan::Helper,
    file: &FileContext,
    function: &crate::syntax::Function,
) -> Vec<u8> {
    let base = file.token_at(function.start);
    let mut cuts: Vec<(Range<usize>, &[u8])> = Vec::new();
    for span in &helper.spans {
        let from = file.tokens[base + span.tokens.start].start as usize;
        let to = file.tokens[base + span.tokens.end - 1].end as usize;
        cuts.push((from..to, helper.parameters[span.parameter].name.as_bytes()));
    }
    for comment in &helper.comments.dropped {
        cuts.push((without_comment(file, comment), b""));
    }
    for (gap, better) in &helper.comments.replaced {
        cuts.push((gap.clone(), &file.bytes[better.clone()]));
    }
    cuts.sort_by_key(|(range, _)| range.start);
    let mut new = Vec::new();
    // (offset in new, offset in the file) at the start of each copied piece.
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    let mut at = function.body as usize;
    for (range, text) in cuts {
        if range.start < at {
            continue; // a comment inside a replaced expression
        }
        pieces.push((new.len(), at));
        new.extend_from_slice(&file.bytes[at..range.start]);
        pieces.push((new.len(), range.start));
        new.extend_from_slice(text);
        at = range.end;
    }
    pieces.push((new.len(), at));
    new.extend_from_slice(&file.bytes[at..function.end as usize]);
    let map = |offset: usize| {
        let piece = pieces.partition_point(|(start, _)| *start <= offset).checked_sub(1)?;
        let (start, old) = pieces[piece];
        Some(old + (offset - start))
    };
    let aligned = layout::realign(&file.bytes, &new, map);
    let names: Vec<&[u8]> = helper.parameters.iter().map(|p| p.name.as_bytes()).collect();
    layout::rejoin(&aligned, &names)
}

/// The range that deletes a comment: with its line if it stands alone there, else
/// with the blanks before it.
fn without_comment(file: &FileContext, comment: &Range<usize>) -> Range<usize> {
    let (line, end) = (file.line_start(comment.start), file.line_end(comment.end));
    let blank = |range: Range<usize>| file.bytes[range].iter().all(u8::is_ascii_whitespace);
    if blank(line..comment.start) && blank(comment.end..end) {
        return line..end;
    }
    let spaces =
        file.bytes[line..comment.start].iter().rev().take_while(|b| matches!(b, b' ' | b'\t'));
    comment.start - spaces.count()..comment.end
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
    let mut arguments: Vec<String> = Vec::new();
    let dropped: &[usize] = match &plan.remedy {
        Remedy::Helper(helper) => &helper.dropped,
        Remedy::Merge(_) => &[],
    };
    let kept = member.own.iter().enumerate().filter(|(i, _)| !dropped.contains(i));
    arguments.extend(kept.filter_map(|(_, own)| name(own)));
    if let Remedy::Helper(helper) = &plan.remedy {
        arguments.extend(helper.parameters.iter().map(|p| p.arguments[index].clone()));
    }
    let carried = match &plan.remedy {
        Remedy::Helper(helper) => helper.comments.carried[index].as_ref(),
        Remedy::Merge(_) => None,
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
    let blank = |range: Range<usize>| file.bytes[range].iter().all(u8::is_ascii_whitespace);
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
    for prototype in &member.uses.prototypes {
        edits.push(Edit { range: prototype.clone(), text: Vec::new() });
    }
    for &token in &member.uses.addresses {
        let range = file.tokens[token].range();
        edits.push(Edit { range, text: callee.as_bytes().to_vec() });
    }
    let extra: Vec<String> = match &plan.remedy {
        Remedy::Helper(helper) => {
            helper.parameters.iter().map(|p| p.arguments[index].clone()).collect()
        }
        Remedy::Merge(_) => Vec::new(),
    };
    // A call inside the arguments of another one is rewritten with that one.
    for call in &member.uses.calls {
        edits.extend(call_edits(file, call, callee, &extra));
    }
}

/// Renames the callee and adds the new arguments. Where the line gets too wide,
/// or the call already took several, the arguments are laid out anew.
fn call_edits(file: &FileContext, call: &CallSite, callee: &str, extra: &[String]) -> Vec<Edit> {
    let (open, close) = call.parens;
    let name = file.tokens[call.name].range();
    let from = name.start;
    let to = file.tokens[close].end as usize;
    let inside = &file.bytes[file.tokens[open].end as usize..file.tokens[close].start as usize];
    let lead = &file.bytes[file.line_start(from)..from];
    let line_end = file.line_end(to.saturating_sub(1));
    let trail = file.bytes[to..line_end].trim_ascii_end();
    let simple = !inside.contains(&b'\n');
    let has_arguments = open + 1 < close;
    let added = if extra.is_empty() {
        String::new()
    } else {
        format!("{}{}", if has_arguments { ", " } else { "" }, extra.join(", "))
    };
    let old_width = to - from;
    let new_width = callee.len()
        + (file.tokens[open].start as usize - name.end)
        + 2
        + inside.len()
        + added.len();
    let column = layout::column_after(lead, 0);
    let fits = column + new_width + trail.len() <= layout::WIDTH || new_width <= old_width;
    if simple && fits || inside.windows(2).any(|pair| pair == b"/*" || pair == b"//") {
        let at = file.tokens[close].start as usize;
        let mut edits = vec![Edit { range: name, text: callee.as_bytes().to_vec() }];
        if !added.is_empty() {
            edits.push(Edit { range: at..at, text: added.into_bytes() });
        }
        return edits;
    }
    let mut arguments = split_arguments(file, open, close);
    arguments.extend(extra.iter().cloned());
    let text = layout::call(lead, &format!("{callee}("), &arguments, trail);
    vec![Edit { range: from..to, text: text.into_bytes() }]
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
