//! Reads what stands before a `{` at the top level: a function's header, or
//! something else.
//!
//! The kernel writes macro calls without `;` before functions
//! (`show_mode(1)`, `static DEF_SCSI_QCMD(queue)`); they define things of their
//! own and must stay out of the function's range, or an edit would take them away
//! with it.

use crate::syntax::lexer::{Token, TokenKind, is_keyword};
use std::ops::Range;

/// What the splitter needs to know of a function before its body.
pub(super) struct Header {
    /// First byte of the signature.
    pub start: u32,
    /// Byte range of the name.
    pub name: Range<u32>,
    /// See [`super::Function::macro_defined`].
    pub macro_defined: bool,
}

/// Reads the tokens of a top-level item that ends in `{` as a function header,
/// or finds that it is none (a struct, an enum, a block of another sort).
pub(super) fn header(source: &[u8], item: &[Token]) -> Option<Header> {
    let (_brace, tokens) = item.split_last()?;
    // A block that no function was found for is over.
    let block_end = tokens.iter().rposition(|token| token.is(source, b"}"));
    let tokens = tokens.get(block_end.map_or(0, |at| at + 1)..).unwrap_or_default();
    let item = Item { source, tokens };
    let name = item.name()?;
    let first = item.first_of_signature(name);
    let macro_defined = (first..name).all(|i| is_storage(item.text(i)));
    let named = if macro_defined { item.name_in_call(name) } else { name };
    let range = tokens[named].start..tokens[named].end;
    Some(Header { start: tokens[first].start, name: range, macro_defined })
}

/// `name (…)` outside parentheses.
struct Call {
    /// Index of the name.
    name: usize,
    /// Index past the `)`.
    past: usize,
}

struct Calls {
    calls: Vec<Call>,
    /// Index of the first name of the form `(*name(` inside parentheses.
    nested: Option<usize>,
}

struct Item<'s> {
    source: &'s [u8],
    tokens: &'s [Token],
}

impl Item<'_> {
    fn text(&self, i: usize) -> &[u8] {
        self.tokens.get(i).map_or(&[], |token| token.text(self.source))
    }

    /// Whether the token at `i` stands in column 0.
    fn starts_line(&self, i: usize) -> bool {
        self.tokens.get(i).is_some_and(|token| {
            let before = (token.start as usize).checked_sub(1);
            before.is_none_or(|b| self.source.get(b) == Some(&b'\n'))
        })
    }

    /// Index of the function's name, if the item is a function.
    fn name(&self) -> Option<usize> {
        let Calls { mut calls, nested } = self.calls()?;
        // `int foo(int a) __attr(x)`: a name never follows a closing parenthesis
        // unless a macro call without `;` stands in front of it on another line.
        while let [.., before, last] = &calls[..]
            && before.past == last.name
            && !self.starts_line(last.name)
            && !self.only_storage_before(before.name)
        {
            calls.pop();
        }
        // `int (*foo(int a))(int b)`: the name stands inside parentheses.
        let Some(call) = calls.pop() else { return nested };
        // `DEFINE_THING(x) static struct foo {`: another item follows the call.
        let another = (call.past..self.tokens.len()).any(|i| begins_declaration(self.text(i)));
        (!another).then_some(call.name)
    }

    /// Whether a call to the macro at `name` can only be a type: `static TYPE(x) foo(`.
    fn only_storage_before(&self, name: usize) -> bool {
        let specifiers = (0..name).rev().take_while(|&i| self.text(i) != b")");
        let mut words = specifiers.map(|i| is_storage(self.text(i))).peekable();
        words.peek().is_some() && words.all(|storage| storage)
    }

    /// The calls outside parentheses but attributes; nothing if the item is a
    /// statement or a type.
    fn calls(&self) -> Option<Calls> {
        let mut calls: Vec<Call> = Vec::new();
        let mut nested = None;
        let mut depth = 0u32;
        let mut open_call = false;
        for i in 0..self.tokens.len() {
            match self.text(i) {
                b"(" => {
                    if let Some(name) = i.checked_sub(1).filter(|&p| self.is_name(p)) {
                        if depth == 0 {
                            calls.push(Call { name, past: self.tokens.len() });
                            open_call = true;
                        } else if nested.is_none() && name > 0 && self.text(name - 1) == b"*" {
                            nested = Some(name);
                        }
                    }
                    depth += 1;
                }
                b")" => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && std::mem::take(&mut open_call) {
                        calls.last_mut()?.past = i + 1;
                    }
                }
                b"typedef" if i == 0 => return None,
                word if depth == 0 && is_statement(word) => return None,
                _ => {}
            }
        }
        Some(Calls { calls, nested })
    }

    fn is_name(&self, i: usize) -> bool {
        let ident = self.tokens.get(i).is_some_and(|token| token.kind == TokenKind::Ident);
        ident && !is_attribute(self.text(i))
    }

    /// Index of the signature's first token: walks back from `name` to the macro
    /// call that is no part of it.
    fn first_of_signature(&self, name: usize) -> usize {
        let mut at = name;
        while at > 0 {
            if self.text(at - 1) != b")" {
                at -= 1;
                continue;
            }
            let Some(head) = self.head_of_call(at - 1) else { break };
            if !self.is_name(head) || !self.ends_item(head, at, name) {
                at = head;
                continue;
            }
            return (at..name).find(|&i| !self.is_directive(i)).unwrap_or(name);
        }
        (0..name).find(|&i| !self.is_directive(i)).unwrap_or(name)
    }

    /// Index of the word before the `(` whose `)` is at `close`.
    fn head_of_call(&self, close: usize) -> Option<usize> {
        let mut depth = 0u32;
        for i in (0..=close).rev() {
            match self.text(i) {
                b")" => depth += 1,
                b"(" => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return i.checked_sub(1);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Whether the macro call from `head` to before `past` is an item of its own,
    /// and no type or attribute of the function `name`.
    fn ends_item(&self, head: usize, past: usize, name: usize) -> bool {
        let next = (past..name).find(|&i| !self.is_directive(i)).unwrap_or(name);
        if self.text(next) == b"static" || self.text(next) == b"extern" {
            // `__attr(x) static int foo()`, on one line, is one item.
            return self.starts_line(next);
        }
        // `static TYPE(x)\nfoo(int a)`: the call is the type, as there is no other.
        let type_of_name = next == name && head > 0 && is_storage(self.text(head - 1));
        self.starts_line(next) && !type_of_name
    }

    fn is_directive(&self, i: usize) -> bool {
        self.tokens.get(i).is_some_and(|token| token.kind == TokenKind::Directive)
    }

    /// Index of the C name in a macro call that defines a function: its first
    /// argument, if that is a name, or else the macro's own.
    fn name_in_call(&self, name: usize) -> usize {
        let argument = name + 2;
        let alone = matches!(self.text(argument + 1), b"," | b")");
        if alone && self.is_name(argument) { argument } else { name }
    }
}

fn is_storage(word: &[u8]) -> bool {
    matches!(word, b"static" | b"extern" | b"inline" | b"__init" | b"__exit" | b"asmlinkage")
}

/// Words that stand before a declarator and never behind it.
fn begins_declaration(word: &[u8]) -> bool {
    matches!(word, b"struct" | b"union" | b"enum" | b"typedef" | b"static" | b"extern")
}

fn is_statement(word: &[u8]) -> bool {
    matches!(
        word,
        b"if" | b"else" | b"for" | b"while" | b"do" | b"switch" | b"case" | b"return" | b"goto"
    )
}

/// Words that take parentheses in a declarator and never name a function.
fn is_attribute(word: &[u8]) -> bool {
    matches!(
        word,
        b"__printf"
            | b"__scanf"
            | b"__acquires"
            | b"__releases"
            | b"__must_hold"
            | b"__cond_lock"
            | b"__cond_acquires"
            | b"__acquire"
            | b"__release"
            | b"__aligned"
            | b"__section"
            | b"__alloc_size"
            | b"__realloc_size"
            | b"__assume_aligned"
            | b"__diagnose_as"
            | b"__no_sanitize"
            | b"__nonnull"
            | b"__printf_like"
            | b"__no_caller_saved_registers"
            | b"__alias"
            | b"__copy"
            | b"__mode"
            | b"__cold"
            | b"__cleanup"
            | b"__compiletime_error"
            | b"__compiletime_warning"
            | b"__error"
            | b"__warning"
            | b"__cfi"
            | b"__declspec"
            | b"__attribute"
    ) || is_keyword(word)
}
