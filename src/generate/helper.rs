//! The text of a helper: the first member's, with a new signature, its holes filled
//! by the parameters, and the comment that holds for it.

use super::family;
use super::layout;
use super::templates::{TemplateError, Templates};
use crate::plan::align::{OwnParameter, lossy};
use crate::plan::{Fate, FileContext, Helper, MemberPlan, Plan, Remedy};
use crate::syntax::{Function, lexer};
use serde::Serialize;
use std::borrow::Cow;
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
    /// The line that exports it to modules, empty for none.
    export: String,
}

/// The helper of `plan`, with a blank line behind it.
///
/// # Errors
/// A template that cannot be rendered.
pub fn text(
    plan: &Plan,
    helper: &Helper,
    file: &FileContext,
    templates: &Templates,
) -> Result<Vec<u8>, TemplateError> {
    let member = &plan.members[0];
    let function = &member.function;
    let linkage = match plan.is_shared() {
        true if plan.is_inline => Linkage::Inline,
        true => Linkage::Global,
        false => Linkage::Static,
    };
    let (head, tail) = signature(file, member, linkage);
    let body = body((plan, helper), file, function);
    // The body may hold bytes that are no UTF-8: it is put in after rendering.
    const BODY: &str = "{\u{1}}";
    let data = HelperData {
        comment: comment(plan, helper, file),
        head,
        name: helper.name.clone(),
        parameters: parameters(member, Some(helper).filter(|_| plan.family.is_none())),
        tail,
        body: BODY.to_owned(),
        export: plan.export.clone().unwrap_or_default(),
    };
    let text = layout::wrap(&templates.render(&plan.rule.templates.helper, &data)?);
    let (before, after) = text.split_once(BODY).unwrap_or((&text, ""));
    Ok([before.as_bytes(), &body, after.as_bytes()].concat())
}

/// Who sees the function that is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Linkage {
    /// Its file.
    Static,
    /// All files of its driver.
    Global,
    /// Whoever includes its header.
    Inline,
}

/// What the template of a prototype is given.
#[derive(Serialize)]
struct PrototypeData {
    /// Everything before its name.
    head: String,
    /// Its name.
    name: String,
    /// Its parameters, separated by commas, or `void`.
    parameters: String,
}

/// The prototype of the function that the files of `plan` share; `file` is that of
/// `member`, whose signature it has.
///
/// # Errors
/// A template that cannot be rendered.
pub fn prototype(
    plan: &Plan,
    member: &MemberPlan,
    file: &FileContext,
    templates: &Templates,
) -> Result<Vec<u8>, TemplateError> {
    let (head, _) = signature(file, member, Linkage::Global);
    let (name, parameters) = match &plan.remedy {
        Remedy::Helper(helper) => (&helper.name, parameters(member, Some(helper))),
        Remedy::Merge(_)
        | Remedy::Elide(_)
        | Remedy::Delete
        | Remedy::Lookup(_)
        | Remedy::Loop(_) => (&member.name, parameters(member, None)),
    };
    // A type on a line of its own is followed by a blank, also behind a star.
    let head = pointer_style(&head.replace('\n', " "));
    let data = PrototypeData { head, name: name.clone(), parameters };
    let text = templates.render(&plan.rule.templates.prototype, &data)?;
    Ok(layout::wrap(&text).into_bytes())
}

/// The signature of `member`, up to its body, as one that all files may call.
pub fn global_signature(member: &MemberPlan, file: &FileContext) -> String {
    let (head, tail) = signature(file, member, Linkage::Global);
    let text = format!("{head}{}({}){tail}\n", member.name, parameters(member, None));
    layout::wrap(&text)
}

/// The parameters of `member`, or of the helper that does its work.
fn parameters(member: &MemberPlan, helper: Option<&Helper>) -> String {
    let own = |own: &OwnParameter| pointer_style(&one_line(&own.text));
    let parameters: Vec<String> = match helper {
        None => member.own.iter().map(own).collect(),
        Some(helper) => {
            let new = helper.parameters.iter().map(|it| declared(&it.ctype, &it.name));
            helper.arranged(member.own.iter().map(own).collect(), new.collect())
        }
    };
    if parameters.is_empty() { "void".to_owned() } else { parameters.join(", ") }
}

/// A parameter's declaration: `int reg`, `const char *name`, `int (*fn)(int reg)`.
pub(super) fn declared(ctype: &str, name: &str) -> String {
    if ctype.contains("(*)") {
        return ctype.replacen("(*)", &format!("(*{name})"), 1);
    }
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
pub fn one_line(text: &[u8]) -> String {
    let text = lossy(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands before the name (never `__maybe_unused`: the function has users) and
/// behind the parameter list.
fn signature(file: &FileContext, member: &MemberPlan, linkage: Linkage) -> (String, String) {
    let function = &member.function;
    let name = file.token_at(function.name.start);
    let words: Vec<usize> = (file.token_at(function.start)..name).collect();
    let mut head = String::new();
    if linkage == Linkage::Inline {
        head.push_str("static inline ");
    }
    if linkage == Linkage::Static && !words.iter().any(|&i| file.text(i) == b"static") {
        head.push_str("static ");
    }
    for (at, &index) in words.iter().enumerate() {
        let text = file.text(index);
        let is_local = matches!(text, b"static" | b"inline" | b"__always_inline");
        if matches!(text, b"__maybe_unused" | b"__always_unused" | b"extern")
            || linkage != Linkage::Static && is_local
        {
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
fn comment(plan: &Plan, helper: &Helper, file: &FileContext) -> String {
    let member = &plan.members[0];
    let (Fate::Gone, Some(range)) = (member.fate, &member.comment) else { return String::new() };
    let text = lossy(&file.bytes[range.clone()]).replace("\r\n", "\n");
    let text = replace_word(&text, &member.name, &helper.name);
    if !text.starts_with("/**") || helper.parameters.is_empty() {
        return text.trim_end().to_owned();
    }
    let own = |index: &usize| member.own[*index].name.as_deref().map(lossy);
    let dropped: Vec<String> = helper.dropped.iter().filter_map(own).collect();
    with_kernel_doc(&without_parameters(&text, &dropped), helper)
}

/// A kernel-doc comment without the lines on some parameters.
fn without_parameters(text: &str, names: &[String]) -> String {
    let mut is_out = false;
    let kept = text.lines().filter(|line| {
        let bare = line.trim_start().trim_start_matches('*').trim();
        match bare.strip_prefix('@') {
            Some(rest) => {
                let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next();
                is_out = names.iter().any(|it| Some(it.as_str()) == name);
            }
            // What follows goes on with it, up to a blank line or the end.
            None => is_out &= !bare.is_empty() && bare != "/",
        }
        !is_out
    });
    kept.collect::<Vec<_>>().join("\n")
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

/// Describes the new parameters behind the last `@name:` of a kernel-doc comment, or behind
/// the line that names the function (Documentation/doc-guide/kernel-doc.rst).
fn with_kernel_doc(text: &str, helper: &Helper) -> String {
    let bare = |line: &str| line.trim().trim_start_matches(['/', '*']).trim().to_owned();
    let mut lines: Vec<String> = text.trim_end().lines().map(str::to_owned).collect();
    // What went between two blank lines leaves one.
    lines.dedup_by(|next, line| {
        bare(next).is_empty() && bare(line).is_empty() && !next.contains('/')
    });
    let last = lines.len() - 1;
    let is_parameter = |line: &String| bare(line).starts_with('@');
    let names_it = || lines[..last].iter().position(|line| !bare(line).is_empty());
    let after = lines.iter().rposition(is_parameter).or_else(names_it).map_or(1, |at| at + 1);
    let described = helper.parameters.iter().map(|parameter| {
        let mut values: Vec<&str> = Vec::new();
        for argument in &parameter.arguments {
            if !values.contains(&argument.as_str()) {
                values.push(argument);
            }
        }
        format!(" * @{}: {}", parameter.name, values.join(" or "))
    });
    let at = after.min(last);
    lines.splice(at..at, described.collect::<Vec<_>>());
    lines.join("\n")
}

/// The first member's body, with its holes filled by the parameters' names.
fn body((plan, helper): (&Plan, &Helper), file: &FileContext, function: &Function) -> Vec<u8> {
    let base = file.token_at(function.start);
    let mut cuts: Vec<(Range<usize>, Cow<[u8]>)> = Vec::new();
    for span in &helper.spans {
        let from = file.tokens[base + span.tokens.start].start as usize;
        let to = file.tokens[base + span.tokens.end - 1].end as usize;
        let name = &family::name_of(plan, helper, span.parameter);
        match &span.wording {
            Some(wording) => {
                cuts.push((from..to, wording.format.as_bytes().into()));
                let behind = file.tokens[base + wording.behind].end as usize;
                cuts.push((behind..behind, format!(", {name}").into_bytes().into()));
            }
            None => cuts.push((from..to, span.form.text(name).into_bytes().into())),
        }
    }
    for comment in &helper.comments.dropped {
        cuts.push((without_comment(file, comment), (&b""[..]).into()));
    }
    for (gap, better) in &helper.comments.replaced {
        cuts.push((gap.clone(), (&file.bytes[better.clone()]).into()));
    }
    if let Some(family) = &plan.family {
        let at = family.local.at;
        cuts.push((at..at, family::local(&family.local).into_bytes().into()));
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
        new.extend_from_slice(&text);
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
    layout::fold(&layout::rejoin(&aligned, &names), &names)
}

/// The range that deletes a comment: with its line if it stands alone there, else
/// with the blanks before it.
fn without_comment(file: &FileContext, comment: &Range<usize>) -> Range<usize> {
    let (line, end) = (file.line_start(comment.start), file.line_end(comment.end));
    let blank = |range: Range<usize>| file.is_blank(range);
    if blank(line..comment.start) && blank(comment.end..end) {
        return line..end;
    }
    let spaces =
        file.bytes[line..comment.start].iter().rev().take_while(|b| matches!(b, b' ' | b'\t'));
    comment.start - spaces.count()..comment.end
}

#[cfg(test)]
mod tests {
    use super::without_parameters;

    #[test]
    fn what_is_said_of_a_parameter_goes_with_it() {
        let text = "/**\n * f - does it\n * @wm: the watermark\n *      of the CRTC\n * @n: how many\n *\n * It does.\n */";
        let wanted = "/**\n * f - does it\n * @n: how many\n *\n * It does.\n */";
        assert_eq!(without_parameters(text, &["wm".to_owned()]), wanted);
        assert_eq!(without_parameters(text, &["w".to_owned()]), text);
    }
}
