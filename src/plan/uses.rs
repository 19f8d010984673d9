//! Where a file names a function: direct calls, forward declarations, and
//! everything else, after which the function itself must stay.

use super::align::lossy;
use super::file::FileContext;
use crate::syntax::decl::{DefinitionKind, ParamFacts};
use crate::syntax::lexer;
use crate::syntax::{Function, TokenKind};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;
use std::rc::Rc;

/// A direct call `name(arguments)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSite {
    /// Token index of the name.
    pub name: usize,
    /// Token indices of `(` and of its `)`.
    pub parens: (usize, usize),
}

/// Why a function cannot go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It is not `static`: other files may use it.
    Global,
    /// A directive names it.
    Directive,
    /// A macro pastes its name together, or turns it into a string.
    Macro(String),
    /// Its address is compared with another.
    Compared,
    /// It is declared together with something else.
    SharedDeclaration,
}

/// Every use of a function outside its own definition.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Direct calls, in the order of the file.
    pub calls: Vec<CallSite>,
    /// Forward declarations: byte ranges of whole lines.
    pub prototypes: Vec<Range<usize>>,
    /// Token indices of all other plain uses: the address is taken.
    pub addresses: Vec<usize>,
    /// What ties the function itself down, if anything does.
    pub anchor: Option<Anchor>,
}

impl Uses {
    /// Nothing at all uses the function.
    pub fn none(&self) -> bool {
        self.calls.is_empty() && self.addresses.is_empty() && self.anchor.is_none()
    }
}

/// Finds the uses of `function` in its file.
pub fn uses(file: &FileContext, function: &Function, pastes: &Pastes) -> Uses {
    let name = function.name(&file.bytes);
    let mut uses = Uses::default();
    let own = file.tokens_of(function);
    let signature = file.token_at(function.start)..file.token_at(function.body);
    if !signature.clone().any(|i| file.text(i) == b"static") {
        uses.anchor = Some(Anchor::Global);
    } else if !file.directives_with(name).is_empty() {
        uses.anchor = Some(Anchor::Directive);
    } else if let Some(macro_name) = pastes.may_name(name) {
        uses.anchor = Some(Anchor::Macro(macro_name));
    }
    for &token in file.occurrences(name) {
        if own.contains(&token) || is_member_name(file, token) {
            continue;
        }
        classify(file, token, &mut uses);
    }
    uses
}

/// `x.name`, `x->name`, `.name = …`: another name space.
fn is_member_name(file: &FileContext, token: usize) -> bool {
    token > 0 && matches!(file.text(token - 1), b"." | b"->")
}

fn classify(file: &FileContext, token: usize, uses: &mut Uses) {
    let offset = file.tokens[token].start;
    let in_body = file.function_at(offset).is_some_and(|f| offset > f.body);
    let called = file.text(token + 1) == b"(";
    if called && in_body {
        match closing(file, token + 1) {
            Some(close) => uses.calls.push(CallSite { name: token, parens: (token + 1, close) }),
            None => uses.addresses.push(token),
        }
    } else if called && file.function_at(offset).is_none() {
        match prototype(file, token) {
            Some(range) => uses.prototypes.push(range),
            None => {
                uses.anchor.get_or_insert(Anchor::SharedDeclaration);
            }
        }
    } else {
        if is_compared(file, token) {
            uses.anchor.get_or_insert(Anchor::Compared);
        }
        if let Some(macro_name) = stringifying_call(file, token) {
            uses.anchor.get_or_insert(Anchor::Macro(macro_name));
        }
        uses.addresses.push(token);
    }
}

/// Index of what closes the parenthesis or the brace at `open`.
pub fn closing(file: &FileContext, open: usize) -> Option<usize> {
    let opens = file.text(open);
    let closes: &[u8] = if opens == b"{" { b"}" } else { b")" };
    let mut depth = 0usize;
    for index in open..file.tokens.len() {
        match file.text(index) {
            text if text == opens => depth += 1,
            text if text == closes => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_compared(file: &FileContext, token: usize) -> bool {
    let before = token.checked_sub(1).map_or(&b""[..], |i| file.text(i));
    let before = if before == b"&" && token > 1 { file.text(token - 2) } else { before };
    matches!(before, b"==" | b"!=") || matches!(file.text(token + 1), b"==" | b"!=")
}

/// The lines of the forward declaration whose declared name is `token`, when
/// nothing else is declared with it.
fn prototype(file: &FileContext, token: usize) -> Option<Range<usize>> {
    let close = closing(file, token + 1)?;
    let mut end = close + 1;
    // Attributes may follow: `__must_check;`, `__attribute__((x));`
    while file.text(end) != b";" {
        let attribute = file.tokens.get(end)?.kind == TokenKind::Ident;
        if !attribute {
            return None;
        }
        end += 1;
        if file.text(end) == b"(" {
            end = closing(file, end)? + 1;
        }
    }
    let mut start = token;
    while start > 0 {
        let before = &file.tokens[start - 1];
        let text = before.text(&file.bytes);
        if matches!(text, b";" | b"}") || before.kind == TokenKind::Directive {
            break;
        }
        if !(before.kind == TokenKind::Ident || text == b"*") {
            return None;
        }
        start -= 1;
    }
    let from = file.tokens[start].start as usize;
    let to = file.tokens[end].end as usize;
    let alone = file.line_start(from) == from && file.is_blank(to..file.line_end(to));
    alone.then(|| from..file.line_end(to))
}

/// The macro call around `token` that stringifies or pastes that argument.
fn stringifying_call(file: &FileContext, token: usize) -> Option<String> {
    enclosing_calls(file, token, 0).into_iter().find_map(|call| {
        let name = String::from_utf8_lossy(file.text(call.name)).into_owned();
        let facts = file.unit.macro_facts(&name)?;
        let named = |p: &ParamFacts| p.stringified.is_some() || p.pasted.is_some();
        facts.argument(call.argument).any(named).then_some(name)
    })
}

/// A call, or a macro call, around a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnclosingCall {
    /// Token index of the callee's name.
    pub name: usize,
    /// Token index of its `(`.
    pub open: usize,
    /// Which argument the token stands in, from 0.
    pub argument: usize,
}

/// The calls around `token`, innermost first, down to token index `floor`. Works
/// on the tokens, so that nothing the grammar cannot know hides a macro call.
pub fn enclosing_calls(file: &FileContext, token: usize, floor: usize) -> Vec<EnclosingCall> {
    let mut calls = Vec::new();
    let mut depth = 0i32;
    let mut argument = 0;
    for index in (floor..token).rev() {
        match file.text(index) {
            b")" | b"]" | b"}" => depth += 1,
            b"[" | b"{" if depth > 0 => depth -= 1,
            // Out of a block or a subscript: commas before it count anew.
            b"[" | b"{" => argument = 0,
            b"(" if depth > 0 => depth -= 1,
            b"(" => {
                let callee = index.checked_sub(1).filter(|&i| i >= floor);
                if let Some(name) = callee.filter(|&i| file.tokens[i].kind == TokenKind::Ident) {
                    calls.push(EnclosingCall { name, open: index, argument });
                }
                argument = 0;
            }
            b"," if depth == 0 => argument += 1,
            _ => {}
        }
    }
    calls
}

/// A call whose arguments have more tokens than this pastes no function's name.
pub(super) const MOST_PASTED: usize = 1000;

/// The macro calls of a file that paste one of their arguments to something.
#[derive(Debug, Default)]
pub struct Pastes {
    calls: Vec<Paste>,
}

/// A word among the arguments of a macro that pastes.
#[derive(Debug)]
struct Paste {
    macro_name: String,
    argument: Vec<u8>,
    /// All words among the arguments of that call.
    beside: Rc<[Vec<u8>]>,
    /// The words of everything that the macro expands through.
    text: Rc<str>,
}

impl Pastes {
    /// Collects the pasting macro calls of `file`.
    pub fn collect(file: &FileContext) -> Pastes {
        let mut pastes = Pastes::default();
        // Expansion text of each called name; `None` for what does not paste.
        let mut known: FxHashMap<&[u8], Option<Rc<str>>> = FxHashMap::default();
        for index in 0..file.tokens.len() {
            if file.tokens[index].kind != TokenKind::Ident || file.text(index + 1) != b"(" {
                continue;
            }
            let name = file.text(index);
            let text = known.entry(name).or_insert_with(|| pasting_text(file, name));
            let Some(text) = text.clone() else { continue };
            let Some(close) = closing(file, index + 1) else { continue };
            let inside = (index + 2..close).take(MOST_PASTED);
            let is_word =
                |&at: &usize| matches!(file.tokens[at].kind, TokenKind::Ident | TokenKind::Number);
            let words = inside.filter(is_word);
            let words: Vec<Vec<u8>> = words.map(|at| file.text(at).to_vec()).collect();
            let beside: Rc<[Vec<u8>]> = words.clone().into();
            pastes.calls.extend(words.into_iter().map(|argument| Paste {
                macro_name: lossy(name),
                argument,
                beside: beside.clone(),
                text: text.clone(),
            }));
        }
        pastes
    }

    /// The macro that may make up `name` out of its arguments: of one and words of its own,
    /// or of two that it pastes together, as `CONFIGFS_ATTR(prefix_, name)` does.
    fn may_name(&self, name: &[u8]) -> Option<String> {
        self.other_that_may_name(name, |_| false)
    }

    /// As [`Pastes::may_name`], but for macros of which it is known what they name.
    pub fn other_that_may_name(
        &self,
        name: &[u8],
        is_known: impl Fn(&str) -> bool,
    ) -> Option<String> {
        self.calls.iter().filter(|paste| !is_known(&paste.macro_name)).find_map(|paste| {
            let Paste { macro_name, argument, beside, text } = paste;
            if argument == name {
                return None;
            }
            let at = memchr::memmem::find(name, argument)?;
            let (prefix, suffix) = (&name[..at], &name[at + argument.len()..]);
            let is_own = |part: &[u8]| {
                part.is_empty() || memchr::memmem::find(text.as_bytes(), part).is_some()
            };
            let with_other = |part: &[u8]| {
                beside.iter().filter(|other| *other != argument).any(|other| {
                    part.strip_prefix(other.as_slice()).is_some_and(is_own)
                        || part.strip_suffix(other.as_slice()).is_some_and(is_own)
                })
            };
            let has = |part: &[u8]| is_own(part) || with_other(part);
            (has(prefix) && has(suffix)).then(|| macro_name.clone())
        })
    }
}

/// The bodies of all macros that `name` expands through, if it is a macro that
/// pastes a parameter.
fn pasting_text(file: &FileContext, name: &[u8]) -> Option<Rc<str>> {
    let name = std::str::from_utf8(name).ok()?;
    let facts = file.unit.macro_facts(name)?;
    if !facts.params.iter().any(|p| p.pasted.is_some()) {
        return None;
    }
    Some(expansion(file, name).into())
}

/// The bodies of all macros that `name` expands through.
pub(super) fn expansion(file: &FileContext, name: &str) -> String {
    let mut text = String::new();
    let mut seen: FxHashSet<String> = FxHashSet::default();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for definition in file.unit.lookup(&name) {
            let DefinitionKind::Macro(define) = definition.kind else { continue };
            let body = define.body_text();
            let words = lexer::tokens(body.as_bytes());
            let words = words.iter().filter(|t| t.kind == TokenKind::Ident);
            open.extend(words.map(|t| lossy(t.text(body.as_bytes()))));
            text.push_str(&body);
            text.push('\n');
        }
    }
    text
}
