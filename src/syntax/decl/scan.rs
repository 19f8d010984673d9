//! One pass over a file that finds what it defines at file scope.

use super::declarator;
use super::directive::{Conditions, Include};
use super::index::{Entry, EntryKind, EnumBody, FileIndex};
use super::lexeme::lexemes;
use crate::syntax::lexer::{self, Token, TokenKind};
use crate::syntax::split::{self, Function, directive_word};
use memchr::memchr_iter;
use std::sync::Arc;

struct Scanner<'s> {
    source: &'s [u8],
    entries: Vec<Entry>,
    enums: Vec<EnumBody>,
    includes: Vec<Include>,
    conditions: Conditions,
    /// Tokens of the current item, each with the condition that it stands under.
    item: Vec<(Token, u32)>,
    brace: u32,
    paren: u32,
    counted_to: usize,
    line: u32,
}

/// The index of `source`.
pub(super) fn scan(path: Arc<str>, source: Arc<[u8]>) -> FileIndex {
    let mut scanner = Scanner {
        source: &source,
        entries: Vec::new(),
        enums: Vec::new(),
        includes: Vec::new(),
        conditions: Conditions::default(),
        item: Vec::new(),
        brace: 0,
        paren: 0,
        counted_to: 0,
        line: 1,
    };
    let (functions, _) = split::functions(&source);
    let mut functions = functions.into_iter().peekable();
    let mut inside = 0;
    for token in lexer::Lexer::new(&source) {
        // A function that began inside an item of ours cannot be met any more.
        while functions.next_if(|f| f.start < token.start).is_some() {}
        if token.kind == TokenKind::Directive {
            scanner.directive(token);
            continue;
        }
        if token.start < inside {
            continue;
        }
        if let Some(function) = functions.next_if(|f| f.start == token.start) {
            inside = function.end;
            scanner.function(&function);
        } else {
            scanner.token(token);
        }
    }
    let Scanner { mut entries, enums, includes, conditions, .. } = scanner;
    entries.shrink_to_fit();
    let conditions = conditions.finish();
    FileIndex { path, entries, enums, includes, conditions, source }
}

impl Scanner<'_> {
    /// Line of `offset`, from 1. Items come in order but for a declaration's
    /// start, which is counted back from.
    fn line_of(&mut self, offset: usize) -> u32 {
        let offset = offset.min(self.source.len());
        if offset >= self.counted_to {
            self.line += memchr_iter(b'\n', &self.source[self.counted_to..offset]).count() as u32;
            self.counted_to = offset;
            return self.line;
        }
        self.line - memchr_iter(b'\n', &self.source[offset..self.counted_to]).count() as u32
    }

    fn text(&self, token: Token) -> &[u8] {
        token.text(self.source)
    }

    fn push(&mut self, kind: EntryKind, name: Token, range: (u32, u32), extra: u32, under: u32) {
        let line = self.line_of(name.start as usize);
        self.entries.push(Entry {
            name: name.start,
            name_len: u16::try_from(name.end - name.start).unwrap_or(u16::MAX),
            kind,
            start: range.0,
            end: range.1,
            extra,
            line,
            condition: under,
        });
    }

    fn directive(&mut self, token: Token) {
        let text = token.text(self.source);
        let (word, rest) = directive_word(text);
        let kind = match word {
            b"define" => EntryKind::ObjectMacro,
            b"undef" => EntryKind::Undef,
            b"include" | b"include_next" => {
                let under = self.conditions.current();
                self.includes.push(Include::parse(rest, token.start, under));
                return;
            }
            _ => return self.conditions.directive(text),
        };
        let rest_at = text.len() - rest.len();
        let Some(name) = lexer::Lexer::new(rest).next().filter(|t| t.kind == TokenKind::Ident)
        else {
            return;
        };
        let base = token.start + rest_at as u32;
        let after = &rest[name.end as usize..];
        let function_like = word == b"define" && after.starts_with(b"(");
        if word == b"define" && after.trim_ascii().is_empty() {
            self.conditions.defined_empty(&String::from_utf8_lossy(name.text(rest)));
        }
        let kind = if function_like { EntryKind::FunctionMacro } else { kind };
        let name = Token { start: base + name.start, end: base + name.end, kind: name.kind };
        let under = self.conditions.current();
        self.push(kind, name, (token.start, token.end), 0, under);
    }

    fn function(&mut self, function: &Function) {
        self.end_item();
        let name =
            Token { start: function.name.start, end: function.name.end, kind: TokenKind::Ident };
        let under = self.conditions.current();
        let range = (function.start, function.body);
        if function.macro_defined {
            self.push(EntryKind::MacroArgument, name, range, 0, under);
        } else {
            self.push(EntryKind::Function, name, range, function.end, under);
        }
    }

    fn end_item(&mut self) {
        self.item.clear();
        self.brace = 0;
        self.paren = 0;
    }

    fn token(&mut self, token: Token) {
        self.item.push((token, self.conditions.current()));
        if token.kind != TokenKind::Punct || token.end - token.start != 1 {
            return;
        }
        let at = token.start as usize;
        match self.source[at] {
            b'{' if self.is_linkage_block() => self.end_item(),
            b'{' => self.brace += 1,
            b'}' => {
                if self.brace == 0 {
                    return self.end_item();
                }
                self.brace -= 1;
                // Kernel style closes nothing but an item in column 0.
                if at == 0 || self.source[at - 1] == b'\n' {
                    (self.brace, self.paren) = (0, 0);
                }
            }
            b'(' => self.paren += 1,
            b')' => self.paren = self.paren.saturating_sub(1),
            b';' if self.brace == 0 && self.paren == 0 => {
                self.finish_item();
                self.end_item();
            }
            _ => {}
        }
    }

    /// `extern "C" {`, whose contents are at file scope.
    fn is_linkage_block(&self) -> bool {
        matches!(self.item.as_slice(), [(first, _), (second, _), _]
            if first.is(self.source, b"extern") && second.kind == TokenKind::Str)
    }

    fn finish_item(&mut self) {
        let item = std::mem::take(&mut self.item);
        self.tags(&item);
        self.names(&item);
        self.item = item;
    }

    /// Tags and enumerators, nested ones too: C has them all at file scope.
    fn tags(&mut self, item: &[(Token, u32)]) {
        for (i, &(token, under)) in item.iter().enumerate() {
            let kind = match self.text(token) {
                b"struct" => EntryKind::Struct,
                b"union" => EntryKind::Union,
                b"enum" => EntryKind::Enum,
                // An initialiser declares no types worth knowing.
                b"=" if self.brace == 0 => return,
                _ => continue,
            };
            let open = self.body_after(item, i);
            let tag = item[i + 1..open.unwrap_or(item.len())]
                .iter()
                .map(|(t, _)| *t)
                .find(|t| t.kind == TokenKind::Ident && !self.is_attribute(*t));
            let range = (token.start, item.last().map_or(token.end, |(t, _)| t.end));
            if let Some(tag) = tag {
                let forward = item.len() == 3 && i == 0;
                if open.is_some() || forward {
                    self.push(kind, tag, range, u32::from(open.is_some()), under);
                }
            }
            if let Some(open) = open.filter(|_| kind == EntryKind::Enum) {
                let tag = tag.map(|t| String::from_utf8_lossy(self.text(t)).into());
                self.enumerators(item, open + 1, tag.unwrap_or_default());
            }
        }
    }

    fn is_attribute(&self, token: Token) -> bool {
        std::str::from_utf8(self.text(token)).is_ok_and(declarator::is_attribute)
    }

    /// Index of the `{` that follows the tag at `at`, past attributes.
    fn body_after(&self, item: &[(Token, u32)], at: usize) -> Option<usize> {
        let mut depth = 0u32;
        for (i, &(token, _)) in item.iter().enumerate().skip(at + 1).take(32) {
            match self.text(token) {
                b"(" => depth += 1,
                b")" => depth = depth.checked_sub(1)?,
                b"{" => return Some(i),
                _ if depth > 0 || token.kind == TokenKind::Ident => {}
                _ => return None,
            }
        }
        None
    }

    fn enumerators(&mut self, item: &[(Token, u32)], from: usize, tag: Box<str>) {
        let number = self.enums.len() as u32;
        let first = self.entries.len() as u32;
        let (mut depth, mut start) = (0u32, from);
        for at in from..item.len() {
            match self.text(item[at].0) {
                b"(" | b"[" | b"{" => depth += 1,
                b")" | b"]" => depth = depth.saturating_sub(1),
                b"}" if depth > 0 => depth -= 1,
                end @ (b"," | b"}") if depth == 0 => {
                    let last = end == b"}";
                    if let Some(&(name, under)) = item[start..at].first()
                        && name.kind == TokenKind::Ident
                    {
                        let range = (name.start, item[at - 1].0.end);
                        self.push(EntryKind::Enumerator, name, range, number, under);
                    }
                    if last {
                        break;
                    }
                    start = at + 1;
                }
                _ => {}
            }
        }
        self.enums.push(EnumBody { tag, entries: first..self.entries.len() as u32 });
    }

    /// Typedefs, variables and prototypes.
    fn names(&mut self, item: &[(Token, u32)]) {
        let (Some(&(first, under)), Some(&(last, _))) = (item.first(), item.last()) else { return };
        // The declaration without what it is initialised with.
        let equals = self.position_outside(item, b"{}()[]", b"=");
        let range = (first.start, last.start);
        let text = &self.source[range.0 as usize..range.1 as usize];
        let declared = declarator::declarators(&lexemes(text));
        if declared.is_empty() {
            return self.macro_call(item, range, under);
        }
        let said = item.iter().find(|(token, _)| !token.is(self.source, b"__extension__"));
        let is_typedef = said.is_some_and(|(token, _)| token.is(self.source, b"typedef"));
        for found in declared {
            // A member of a body may be called as what has the body.
            let Some(name) = self.position_outside(item, b"{}", found.name.as_bytes()) else {
                continue;
            };
            let (name, _) = item[name];
            let kind = match (is_typedef, &found.params) {
                (true, _) => EntryKind::Typedef,
                (false, Some(_)) if found.pointer_depth == 0 || !found.type_text.contains("(*") => {
                    EntryKind::Function
                }
                _ => EntryKind::Variable,
            };
            let initialised = kind == EntryKind::Variable && equals.is_some();
            self.push(kind, name, range, u32::from(initialised), under);
        }
    }

    /// The first `word` outside of brackets, which are given as what opens and closes them.
    fn position_outside(
        &self,
        item: &[(Token, u32)],
        brackets: &[u8],
        word: &[u8],
    ) -> Option<usize> {
        let mut depth = 0u32;
        item.iter().position(|(token, _)| {
            let text = self.text(*token);
            match brackets.iter().position(|bracket| text == [*bracket]) {
                Some(at) if at % 2 == 0 => depth += 1,
                Some(_) => depth = depth.saturating_sub(1),
                None => return depth == 0 && text == word,
            }
            false
        })
    }

    /// `static DEFINE_MUTEX(lock);`: the first argument that is a lone name.
    fn macro_call(&mut self, item: &[(Token, u32)], range: (u32, u32), under: u32) {
        let Some(open) = item.iter().position(|(t, _)| t.is(self.source, b"(")) else { return };
        let [(name, _), (after, _), ..] = &item[open + 1..] else { return };
        let alone = matches!(self.text(*after), b"," | b")");
        let is_called = open.checked_sub(1).is_some_and(|at| item[at].0.kind == TokenKind::Ident);
        if is_called && name.kind == TokenKind::Ident && alone {
            self.push(EntryKind::MacroArgument, *name, range, 0, under);
        }
    }
}
