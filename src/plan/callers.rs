//! Arguments that are paths from a parameter, written where a member is called: with
//! what the caller passes for that parameter. Where a caller passes more than a plain
//! name, the member stays and writes them with its own parameter.

use super::align::lossy;
use super::fate::{Fate, MemberPlan};
use super::file::FileContext;
use super::holes::{Holes, Parameter, Subject};
use super::uses::CallSite;
use crate::syntax::lexer::{self, TokenKind};
use crate::syntax::{Lexer, decl};
use std::ops::Range;

/// Lets every member stay that has a caller who cannot write the new arguments. Says
/// whether there was one.
pub fn keep_unwritable(subject: &Subject<'_>, members: &mut [MemberPlan], holes: &Holes) -> bool {
    let mut kept = false;
    for (index, member) in members.iter_mut().enumerate() {
        let file = subject.file_of(index);
        let writable = |parameter: &Parameter| {
            let mut calls = member.uses.calls.iter();
            parameter.base.is_none()
                || member.uses.addresses.is_empty()
                    && calls.all(|call| argument(file, member, call, parameter, index).is_some())
        };
        let known = |parameter: &Parameter| {
            let argument = parameter.arguments.get(index).map_or("", String::as_str);
            let mut calls = member.uses.calls.iter().map(|call| file.tokens[call.name].start);
            calls.all(|at| is_known_at(file, argument, at))
        };
        // Arguments are laid out anew where one of them goes.
        let is_laid_out = holes.parameters.iter().any(|it| it.base.is_some());
        let mut calls = member.uses.calls.iter();
        let all = holes.parameters.iter().all(|it| writable(it) && known(it))
            && !(is_laid_out && calls.any(|call| file.has_comment(call.parens)));
        if member.fate == Fate::Gone && !all {
            member.fate = Fate::Thin;
            kept = true;
        }
    }
    kept
}

/// Whether everything that a text names is declared before `at` of the file, as far as it
/// is the file's own.
fn is_known_at(file: &FileContext, text: &str, at: u32) -> bool {
    let text = text.as_bytes();
    Lexer::new(text).filter(|token| token.kind == TokenKind::Ident).all(|token| {
        let found = file.unit.lookup(&lossy(token.text(text)));
        found.is_empty() || found.iter().any(|it| *it.file != *file.path || it.offset < at)
    })
}

/// What a call of the member of this index passes for the helper's new parameters.
pub fn arguments(
    file: &FileContext,
    member: &MemberPlan,
    call: &CallSite,
    parameters: &[Parameter],
    index: usize,
) -> Vec<String> {
    let written = |parameter: &Parameter| {
        let plain = || parameter.arguments[index].clone();
        argument(file, member, call, parameter, index).unwrap_or_else(plain)
    };
    parameters.iter().map(written).collect()
}

/// The argument for `parameter` at a call; `None` where the caller cannot write it.
fn argument(
    file: &FileContext,
    member: &MemberPlan,
    call: &CallSite,
    parameter: &Parameter,
    index: usize,
) -> Option<String> {
    let text = parameter.arguments.get(index)?;
    let Some(base) = parameter.base else { return Some(text.clone()) };
    let own = member.own.get(base)?;
    let name = lossy(own.name.as_deref()?);
    let actuals = actuals(file, call);
    let ctype = decl::declared_type(&lossy(&own.text))?;
    let pointee = ctype.strip_suffix('*')?.trim_end().trim_start_matches("const ").to_owned();
    if actuals.len() != member.own.len() || !actuals.iter().all(|range| is_quiet(file, range)) {
        return None;
    }
    let (sign, path) = match text.strip_prefix('&') {
        Some(path) => ("&", path.trim_start()),
        None => ("", text.as_str()),
    };
    let behind = path.strip_prefix(&name)?.trim_start().strip_prefix("->")?;
    let actual: Vec<&[u8]> = actuals.get(base)?.clone().map(|token| file.text(token)).collect();
    match actual.as_slice() {
        [variable] if is_declared(file, call, variable, &pointee, true) => {
            Some(format!("{sign}{}->{behind}", lossy(variable)))
        }
        [b"&", variable] if is_declared(file, call, variable, &pointee, false) => {
            Some(format!("{sign}{}.{behind}", lossy(variable)))
        }
        _ => None,
    }
}

/// The tokens of each argument of a call.
fn actuals(file: &FileContext, call: &CallSite) -> Vec<Range<usize>> {
    let (open, close) = call.parens;
    let (mut found, mut depth, mut from) = (Vec::new(), 0i32, open + 1);
    for token in open + 1..close {
        match file.text(token) {
            b"(" | b"[" | b"{" => depth += 1,
            b")" | b"]" | b"}" => depth -= 1,
            b"," if depth == 0 => {
                found.push(from..token);
                from = token + 1;
            }
            _ => {}
        }
    }
    if from < close {
        found.push(from..close);
    }
    found
}

/// Whether evaluating the argument changes nothing, so that the order in which the
/// arguments are evaluated does not matter.
fn is_quiet(file: &FileContext, argument: &Range<usize>) -> bool {
    argument.clone().all(|token| {
        let text = file.text(token);
        let calls = text == b"(" && {
            let before = file.text(token - 1);
            let word = file.tokens[token - 1].kind == TokenKind::Ident;
            word && !lexer::is_keyword(before) || matches!(before, b")" | b"]")
        };
        let writes = matches!(text, b"++" | b"--" | b"{")
            || text.ends_with(b"=") && !matches!(text, b"==" | b"!=" | b"<=" | b">=");
        !calls && !writes
    })
}

/// Whether the caller declares `name`, once and before the call, as a pointer to
/// `pointee`, or as an object of that type.
fn is_declared(
    file: &FileContext,
    call: &CallSite,
    name: &[u8],
    pointee: &str,
    pointer: bool,
) -> bool {
    let Some(caller) = file.function_at(file.tokens[call.name].start) else { return false };
    let stars = usize::from(pointer);
    let wanted: Vec<&[u8]> = pointee.split(' ').map(str::as_bytes).collect();
    let tokens = file.token_at(caller.start)..call.name;
    let floor = tokens.start;
    let declares = |token: &usize| {
        let before = file.tokens.get(token.wrapping_sub(1));
        let word = before.is_some_and(|before| before.kind == TokenKind::Ident);
        let keyword = matches!(
            file.text(token.wrapping_sub(1)),
            b"return" | b"case" | b"goto" | b"else" | b"sizeof" | b"do" | b"struct" | b"union"
        );
        file.text(*token) == name && (word && !keyword || file.text(token - 1) == b"*")
    };
    let found: Vec<usize> =
        tokens.clone().filter(|token| *token > floor).filter(declares).collect();
    let all = file.token_at(caller.start)..file.token_at(caller.end);
    let [one] = found.as_slice() else {
        let object = || file.object(name).is_some_and(|o| o.ctype == pointee && !o.is_array);
        let local = all.into_iter().filter(|token| *token > floor).any(|token| declares(&token));
        return found.is_empty() && !local && !pointer && object();
    };
    let stop = matches!(file.text(one + 1), b"," | b";" | b"=" | b")");
    let starred = !pointer || file.text(one - 1) == b"*";
    let from = one.checked_sub(stars + wanted.len());
    let typed = from.is_some_and(|from| {
        let texts = (from..from + wanted.len()).map(|token| file.text(token));
        from > 0 && texts.eq(wanted.iter().copied())
    });
    let plain = from.is_some_and(|from| {
        matches!(file.text(from - 1), b"{" | b";" | b"(" | b"," | b"const" | b"static")
    });
    stop && starred && typed && plain
}
