//! What a body may not contain if it is to be moved into a helper, whatever the
//! holes are. Each check names the trap and the place.

use super::RemedyKind;
use super::align::{AlignedMember, Alignment, is_function_name, lossy};
use super::file::FileContext;
use super::kernel;
use super::refusal::{Reason, Refusal};
use crate::detect::CloneGroup;
use crate::syntax::decl::Fact;
use crate::syntax::{TokenKind, lexer};
use rustc_hash::FxHashSet;

/// Checks the traps that concern the members as a whole.
///
/// # Errors
/// The first trap. Where copies are merged, text does not move: directives and
/// attributes, which are the same in all, stay where they are.
pub fn check(
    group: &CloneGroup,
    alignment: &Alignment<'_>,
    remedy: RemedyKind,
) -> Result<(), Refusal> {
    let moves = remedy != RemedyKind::Merge;
    for (member, aligned) in group.members.iter().zip(&alignment.members) {
        let (file, function) = (aligned.file, &member.function);
        let body = file.token_at(function.body);
        for index in aligned.tokens.clone() {
            let token = file.tokens[index];
            match token.kind {
                TokenKind::Directive if moves => {
                    let detail = format!("a directive stands inside {}", member.name);
                    return Err(file.refuse(Reason::DirectiveInBody, token.start, detail));
                }
                TokenKind::Ident if index < body && moves => signature_word(file, index)?,
                TokenKind::Ident if index < body => {}
                TokenKind::Ident => body_word(file, index, member.name.as_bytes(), remedy)?,
                _ if moves && token.is(&file.bytes, b"...") && index < body => {
                    let detail = format!("{} takes a variable number of arguments", member.name);
                    return Err(file.refuse(Reason::Variadic, token.start, detail));
                }
                _ => {}
            }
        }
    }
    macro_traps(alignment)?;
    redefined_macros(group, alignment)
}

fn signature_word(file: &FileContext, index: usize) -> Result<(), Refusal> {
    let word = file.text(index);
    if kernel::CALLING_ATTRIBUTES.contain(word) {
        let detail = format!("`{}` says how the function is called or laid out", lossy(word));
        return Err(file.refuse(Reason::CallingAttribute, file.tokens[index].start, detail));
    }
    Ok(())
}

fn body_word(
    file: &FileContext,
    index: usize,
    own_name: &[u8],
    remedy: RemedyKind,
) -> Result<(), Refusal> {
    let at = file.tokens[index].start;
    let member_name = index > 0 && matches!(file.text(index - 1), b"." | b"->");
    match file.text(index) {
        b"static" if file.text(index + 1) != b"const" => {
            Err(file.refuse(Reason::StaticState, at, "each copy has this static object of its own"))
        }
        word if remedy == RemedyKind::Merge && is_function_name(word) => {
            Err(file.refuse(Reason::FunctionNameUsed, at, "the name would become another's"))
        }
        word @ (b"__LINE__"
        | b"_THIS_IP_"
        | b"_RET_IP_"
        | b"__builtin_return_address"
        | b"__builtin_frame_address"
        | b"__COUNTER__") => {
            let detail = format!("`{}` would name a place in the helper", lossy(word));
            Err(file.refuse(Reason::LocationUsed, at, detail))
        }
        word if word == own_name && !member_name => {
            let detail = format!("{} names itself", lossy(own_name));
            Err(file.refuse(Reason::Recursive, at, detail))
        }
        _ => Ok(()),
    }
}

/// What the macros used in the body hide.
fn macro_traps(alignment: &Alignment<'_>) -> Result<(), Refusal> {
    // Members have one shape, but a hole may be a macro of another name in each.
    let mut seen: FxHashSet<(&str, &[u8])> = FxHashSet::default();
    for aligned in &alignment.members {
        let file = aligned.file;
        for index in aligned.tokens.clone() {
            let word = file.text(index);
            // `if` is a macro under CONFIG_PROFILE_ALL_BRANCHES.
            if file.tokens[index].kind != TokenKind::Ident
                || lexer::is_keyword(word)
                || aligned.locals.contains(word)
                || !seen.insert((&file.path, word))
            {
                continue;
            }
            macro_trap(file, index, alignment, aligned)?;
        }
    }
    Ok(())
}

fn macro_trap(
    file: &FileContext,
    index: usize,
    alignment: &Alignment<'_>,
    aligned: &AlignedMember<'_>,
) -> Result<(), Refusal> {
    let Ok(word) = std::str::from_utf8(file.text(index)) else { return Ok(()) };
    let Some(facts) = file.unit.macro_facts(word) else { return Ok(()) };
    let at = file.tokens[index].start;
    if keeps_state_by_name(word) {
        let detail = format!("`{word}` keeps a static state at each place of use");
        return Err(file.refuse(Reason::StaticState, at, detail));
    }
    let counts =
        |fact: &&Fact| !fact.via.iter().any(|m| kernel::DESCRIPTIVE_MACROS.contain(m.as_bytes()));
    let refuse = |reason, fact: &Fact, what: &str| {
        let through = fact.through();
        Err(file.refuse(reason, at, format!("`{word}`{through} {what}")))
    };
    if let Some(fact) = facts.static_state.as_ref().filter(counts) {
        return refuse(Reason::StaticState, fact, "keeps a static state at each place of use");
    }
    if let Some(fact) = facts.names_function.as_ref().filter(counts) {
        return refuse(Reason::FunctionNameUsed, fact, "uses the name of the function");
    }
    if let Some(fact) = facts.names_place.as_ref().filter(counts) {
        return refuse(Reason::LocationUsed, fact, "uses the place that it stands at");
    }
    if alignment.renamed_locals
        && let Some(name) = facts.free_names.keys().find(|n| aligned.locals.contains(n.as_bytes()))
    {
        let detail = format!("`{word}` uses the local `{name}` behind the reader's back");
        return Err(file.refuse(Reason::CapturedName, at, detail));
    }
    Ok(())
}

/// Whether a macro says by its name that it does something once, or at a limited
/// rate, for each place of use: its definitions may hide that among others.
fn keeps_state_by_name(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let once =
        lower.ends_with("_once") && !matches!(word, "READ_ONCE" | "WRITE_ONCE" | "ACCESS_ONCE");
    once || lower.ends_with("_ratelimited") || lower.starts_with("do_once")
}

/// A macro of the body that is defined, or undefined, between the members would
/// mean one thing in the helper and another at a member.
fn redefined_macros(group: &CloneGroup, alignment: &Alignment<'_>) -> Result<(), Refusal> {
    let Some(first) = alignment.members.first() else { return Ok(()) };
    let file = first.file;
    // What is defined otherwise in another file is found by what the name means there.
    let here = |m: &&AlignedMember<'_>| m.file.path == file.path;
    let members = || alignment.members.iter().filter(here);
    let mut in_file = group.members.iter().filter(|member| member.file == file.path);
    let (Some(first), Some(last)) = (in_file.clone().next(), in_file.next_back()) else {
        return Ok(());
    };
    let words: FxHashSet<&[u8]> = members()
        .flat_map(|m| m.tokens.clone())
        .filter(|&i| file.tokens[i].kind == TokenKind::Ident)
        .map(|i| file.text(i))
        .collect();
    let shared = |word: &[u8]| members().all(|m| m.tokens.clone().any(|i| file.text(i) == word));
    let between = file.token_at(first.function.end)..file.token_at(last.function.start);
    for index in between {
        let token = file.tokens[index];
        if token.kind != TokenKind::Directive {
            continue;
        }
        let (directive, rest) = crate::syntax::split::directive_word(token.text(&file.bytes));
        let rest = rest.trim_ascii_start();
        let end = rest.iter().position(|&b| !lexer::is_ident_byte(b));
        let name = &rest[..end.unwrap_or(rest.len())];
        // The first definition of a name that only later members use is none of
        // the helper's business; an `#undef` always is.
        let again = directive == b"undef" || (directive == b"define" && shared(name));
        if again && words.contains(name) {
            let detail = format!("`{}` changes its meaning between the members", lossy(name));
            return Err(file.refuse(Reason::MacroDiffers, token.start, detail));
        }
    }
    Ok(())
}
