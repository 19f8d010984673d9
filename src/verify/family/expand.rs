//! Declarations as the preprocessor leaves them, as far as objects and their initialisers go:
//! a macro is expanded where its text declares a structure or is an initialiser in braces, or
//! is an access to a member. Whatever else is a macro stays as it is.

use crate::syntax::decl::{self, DefinitionKind};
use crate::syntax::{Lexer, TokenKind};
use std::collections::BTreeMap;

/// Macros in macros are followed this deep.
const DEEPEST: usize = 8;

/// A macro of one body, by its tokens.
struct Macro {
    params: Vec<String>,
    body: Vec<String>,
}

/// Tokens as texts of their own.
pub(super) fn texts(source: &[u8]) -> Vec<String> {
    let tokens = Lexer::new(source).filter(|token| token.kind != TokenKind::Directive);
    tokens.map(|token| String::from_utf8_lossy(token.text(source)).into_owned()).collect()
}

/// The macro `name`, if it takes arguments, has one body, and `is_wanted` says so of that.
fn read(names: &decl::Unit, name: &str, is_wanted: fn(&[String]) -> bool) -> Option<Macro> {
    let found = names.lookup(name);
    let [one] = found.as_slice() else { return None };
    let DefinitionKind::Macro(define) = &one.kind else { return None };
    let params = define.params.clone().filter(|_| define.variadic.is_none())?;
    let body: Vec<String> = define.body.iter().map(|it| it.text.to_string()).collect();
    is_wanted(&body).then_some(Macro { params, body })
}

/// Whether a macro's text declares an object, or is one's initialiser.
pub(super) fn declares(body: &[String]) -> bool {
    let declares = body.first().is_some_and(|it| it == "struct") && body.iter().any(|it| it == "=");
    let calls_it = body.len() > 3 && body[0].contains("ATTR") && body[1] == "(";
    declares || calls_it || body.first().is_some_and(|it| it == "{")
}

/// Whether a macro's text is a way from a member to its structure.
pub(super) fn contains(body: &[String]) -> bool {
    body.first().is_some_and(|it| it == "container_of")
}

/// `tokens` with the macros expanded of which `is_wanted` says so by their text. `None` where
/// they are nested too deeply.
pub(super) fn expanded(
    tokens: &[String],
    names: &decl::Unit,
    is_wanted: fn(&[String]) -> bool,
) -> Option<Vec<String>> {
    let mut tokens = tokens.to_vec();
    for _ in 0..DEEPEST {
        match once(&tokens, names, is_wanted)? {
            Some(next) => tokens = next,
            None => return Some(tokens),
        }
    }
    None
}

/// With one macro expanded; the inner `None` where there is none.
fn once(
    tokens: &[String],
    names: &decl::Unit,
    is_wanted: fn(&[String]) -> bool,
) -> Option<Option<Vec<String>>> {
    for at in 0..tokens.len() {
        if tokens.get(at + 1).is_none_or(|it| it != "(") || !is_word(&tokens[at]) {
            continue;
        }
        let Some(found) = read(names, &tokens[at], is_wanted) else { continue };
        let (arguments, close) = list(tokens, at + 1)?;
        if arguments.len() != found.params.len() {
            return None;
        }
        let mut all = tokens[..at].to_vec();
        all.extend(put(&found, &arguments)?);
        all.extend_from_slice(&tokens[close + 1..]);
        return Some(Some(all));
    }
    Some(None)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// The arguments between brackets, and where these close.
pub(super) fn list(tokens: &[String], open: usize) -> Option<(Vec<Vec<String>>, usize)> {
    let (mut depth, mut found, mut one) = (0usize, Vec::new(), Vec::new());
    for (at, text) in tokens.iter().enumerate().skip(open) {
        match text.as_str() {
            "(" | "{" | "[" => {
                depth += 1;
                if depth == 1 {
                    continue;
                }
            }
            ")" | "}" | "]" => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    if !one.is_empty() || !found.is_empty() {
                        found.push(one);
                    }
                    return Some((found, at));
                }
            }
            "," if depth == 1 => {
                found.push(std::mem::take(&mut one));
                continue;
            }
            _ => {}
        }
        one.push(text.clone());
    }
    None
}

/// The body with the arguments in it; pasted words are one.
fn put(found: &Macro, arguments: &[Vec<String>]) -> Option<Vec<String>> {
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    let of = |text: &String| {
        let param = found.params.iter().position(|it| it == text);
        param.map_or_else(|| vec![text.clone()], |index| arguments[index].clone())
    };
    while at < found.body.len() {
        let text = &found.body[at];
        match text.as_str() {
            "##" => {
                let next = of(found.body.get(at + 1)?);
                let [word] = next.as_slice() else { return None };
                let last = out.last_mut()?;
                last.push_str(word);
                at += 2;
                continue;
            }
            "#" => return None,
            _ => out.extend(of(text)),
        }
        at += 1;
    }
    Some(out)
}

/// What an initialiser gives each member, by the path to it: `dev_attr.attr.mode`. Members that
/// are given by their place alone are `#0`, `#1` and so on.
pub(super) fn members(initialiser: &[String]) -> Option<BTreeMap<String, Vec<String>>> {
    let mut found = BTreeMap::new();
    into(initialiser, "", &mut found)?;
    Some(found)
}

fn into(value: &[String], path: &str, found: &mut BTreeMap<String, Vec<String>>) -> Option<()> {
    if value.first().is_none_or(|it| it != "{") {
        return found.insert(path.to_owned(), value.to_vec()).is_none().then_some(());
    }
    let (parts, close) = list(value, 0)?;
    if close + 1 != value.len() {
        return None;
    }
    for (number, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let (name, value) = match part.as_slice() {
            [dot, name, equals, value @ ..] if dot == "." && equals == "=" => (name.clone(), value),
            [dot, ..] if dot == "." || dot == "[" => return None,
            value => (format!("#{number}"), value),
        };
        let gap = if path.is_empty() { "" } else { "." };
        into(value, &format!("{path}{gap}{name}"), found)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_initialiser_gives_each_member_its_value() {
        let source = b"{ .attr = { .name = x, .mode = 0444 }, f(a, b), .show = y, }";
        let found = members(&texts(source)).expect("an initialiser");
        let shown: Vec<String> =
            found.iter().map(|(path, value)| format!("{path}={}", value.join(" "))).collect();
        assert_eq!(shown, ["#1=f ( a , b )", "attr.mode=0444", "attr.name=x", "show=y"]);
        assert_eq!(members(&texts(b"{ .a = 1, .a = 2 }")), None, "twice");
        assert_eq!(members(&texts(b"{ [1] = 2 }")), None, "an array");
    }
}
