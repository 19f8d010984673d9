//! A file as the check sees it: tokens, cut into top-level items.

use crate::syntax::split::{self, Function, directive_word};
use crate::syntax::{Lexer, Token, TokenKind};
use memchr::memchr_iter;
use std::ops::Range;

/// A branch of a conditional that a line stands in: which `#if` of the file
/// opened it, and how many `#elif`/`#else` came since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Token index of the `#if`.
    pub opened_by: usize,
    /// 0 for the first branch.
    pub number: u32,
}

/// A top-level item: a function definition, a directive, or tokens up to `;`.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its tokens, as indices into [`Unit::tokens`].
    pub tokens: Range<usize>,
    /// Set for a function definition.
    pub function: Option<Function>,
    /// The conditionals that its first token stands in, outermost first.
    pub conditions: Vec<Branch>,
}

/// A file, its tokens and items. Token indices are those of the whole file.
#[derive(Clone, Debug)]
pub struct Unit<'s> {
    /// Where it is.
    pub path: &'s str,
    /// Its bytes.
    pub source: &'s [u8],
    /// All tokens; each directive is one, comments are none.
    pub tokens: Vec<Token>,
    /// All items, in order, without gaps.
    pub items: Vec<Item>,
}

impl<'s> Unit<'s> {
    /// Reads `source`. It never fails: what is not C becomes items of some sort.
    pub fn new(path: &'s str, source: &'s [u8]) -> Unit<'s> {
        let tokens: Vec<Token> = Lexer::new(source).collect();
        let (functions, _) = split::functions(source);
        let mut unit = Unit { path, source, tokens, items: Vec::new() };
        let mut from = 0;
        for function in functions {
            let start = unit.first_token_at(function.start);
            let end = unit.first_token_at(function.end);
            unit.push_loose(from..start);
            unit.push(start..end, Some(function));
            from = end;
        }
        unit.push_loose(from..unit.tokens.len());
        unit.set_conditions();
        unit
    }

    /// Index of the first token that starts at or after `offset`.
    pub fn first_token_at(&self, offset: u32) -> usize {
        self.tokens.partition_point(|token| token.start < offset)
    }

    fn push(&mut self, tokens: Range<usize>, function: Option<Function>) {
        if !tokens.is_empty() {
            self.items.push(Item { tokens, function, conditions: Vec::new() });
        }
    }

    /// Cuts tokens between functions at directives and at `;` outside brackets.
    fn push_loose(&mut self, range: Range<usize>) {
        let mut from = range.start;
        let mut depth = 0u32;
        for at in range.clone() {
            if self.kind(at) == Some(TokenKind::Directive) {
                if depth == 0 {
                    self.push(from..at, None);
                    self.push(at..at + 1, None);
                    from = at + 1;
                }
                continue;
            }
            match self.text(at) {
                b"(" | b"{" | b"[" => depth += 1,
                b")" | b"}" | b"]" => depth = depth.saturating_sub(1),
                b";" if depth == 0 => {
                    self.push(from..at + 1, None);
                    from = at + 1;
                }
                _ => {}
            }
        }
        self.push(from..range.end, None);
    }

    fn set_conditions(&mut self) {
        let mut open: Vec<Branch> = Vec::new();
        let mut items = std::mem::take(&mut self.items);
        for item in &mut items {
            item.conditions = open.clone();
            for at in item.tokens.clone() {
                match self.directive(at) {
                    Some(b"if" | b"ifdef" | b"ifndef") => {
                        open.push(Branch { opened_by: at, number: 0 });
                    }
                    Some(b"else" | b"elif") => {
                        if let Some(branch) = open.last_mut() {
                            branch.number += 1;
                        }
                    }
                    Some(b"endif") => drop(open.pop()),
                    _ => {}
                }
            }
        }
        self.items = items;
    }

    /// The text of token `at`; empty past the end.
    pub fn text(&self, at: usize) -> &'s [u8] {
        let range = self.tokens.get(at).map_or(0..0, Token::range);
        self.source.get(range).unwrap_or_default()
    }

    /// The text of the token before `at`; empty at the start.
    pub fn text_before(&self, at: usize) -> &'s [u8] {
        at.checked_sub(1).map_or(&[][..], |before| self.text(before))
    }

    /// The texts of some tokens.
    pub fn texts(&self, range: Range<usize>) -> Vec<&'s [u8]> {
        range.map(|at| self.text(at)).collect()
    }

    /// What token `at` is; `None` past the end.
    pub fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// Whether token `at` is an identifier or keyword.
    pub fn is_word(&self, at: usize) -> bool {
        self.kind(at) == Some(TokenKind::Ident)
    }

    /// Whether token `at` names a member: it stands after `.` or `->`.
    pub fn is_member_access(&self, at: usize) -> bool {
        matches!(self.text_before(at), b"." | b"->")
    }

    /// The word after `#`, if token `at` is a directive.
    pub fn directive(&self, at: usize) -> Option<&'s [u8]> {
        (self.kind(at) == Some(TokenKind::Directive)).then(|| directive_word(self.text(at)).0)
    }

    /// Byte range of a non-empty run of tokens.
    pub fn bytes(&self, range: Range<usize>) -> Range<u32> {
        let start = self.tokens.get(range.start).map_or(0, |token| token.start);
        let last = range.end.checked_sub(1).and_then(|last| self.tokens.get(last));
        start..last.map_or(start, |token| token.end)
    }

    /// As [`Unit::bytes`], to index the source with.
    pub fn span(&self, range: Range<usize>) -> Range<usize> {
        let bytes = self.bytes(range);
        bytes.start as usize..bytes.end as usize
    }

    /// The source of a run of tokens, with what stands between them.
    pub fn spelling(&self, range: Range<usize>) -> &'s [u8] {
        self.source.get(self.span(range)).unwrap_or_default()
    }

    /// The source at some bytes; empty where it has none.
    pub fn slice(&self, bytes: &Range<u32>) -> &'s [u8] {
        self.source.get(bytes.start as usize..bytes.end as usize).unwrap_or_default()
    }

    /// Line of token `at`, from 1; the last line past the end.
    pub fn line(&self, at: usize) -> u32 {
        let offset = self.tokens.get(at).map_or(self.source.len(), |token| token.start as usize);
        let before = self.source.get(..offset).unwrap_or_default();
        1 + memchr_iter(b'\n', before).count() as u32
    }

    /// The bracketed list that opens at token `open`: the token ranges between
    /// its commas and the index of the closing bracket. `None` if it never closes.
    pub fn list(&self, open: usize) -> Option<(Vec<Range<usize>>, usize)> {
        let mut parts = Vec::new();
        let mut from = open + 1;
        let mut depth = 0u32;
        for at in open..self.tokens.len() {
            match self.text(at) {
                b"(" | b"{" | b"[" => depth += 1,
                b")" | b"}" | b"]" => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        if at > open + 1 {
                            parts.push(from..at);
                        }
                        return Some((parts, at));
                    }
                }
                b"," if depth == 1 => {
                    parts.push(from..at);
                    from = at + 1;
                }
                _ => {}
            }
        }
        None
    }

    /// Where in `range` the first of `ends` stands outside brackets; its end where none does.
    pub fn until(&self, range: Range<usize>, ends: &[&[u8]]) -> usize {
        let mut at = range.start;
        while at < range.end && !ends.contains(&self.text(at)) {
            at = match self.text(at) {
                b"(" | b"[" | b"{" => self.list(at).map_or(range.end, |(_, close)| close + 1),
                _ => at + 1,
            };
        }
        at
    }

    /// Index of the only enabled function of this name, or why there is none.
    pub fn function(&self, name: &str) -> Result<usize, String> {
        let named = |item: &Item| {
            let function = item.function.as_ref();
            function.is_some_and(|f| !f.disabled && f.name(self.source) == name.as_bytes())
        };
        let mut found = (0..self.items.len()).filter(|&at| named(&self.items[at]));
        match (found.next(), found.next()) {
            (Some(item), None) => Ok(item),
            (None, _) => Err(format!("there is no function `{name}`")),
            (Some(_), Some(_)) => Err(format!("`{name}` is defined more than once")),
        }
    }

    /// Whether `item` only declares the function `name`.
    pub fn is_prototype_of(&self, item: &Item, name: &[u8]) -> bool {
        if item.function.is_some() || self.text(item.tokens.end.saturating_sub(1)) != b";" {
            return false;
        }
        let mut depth = 0u32;
        let mut names_it = false;
        for at in item.tokens.clone() {
            match self.text(at) {
                b"(" => depth += 1,
                b")" => depth = depth.saturating_sub(1),
                b"{" | b"=" | b"typedef" => return false,
                b"," if depth == 0 => return false,
                text if depth == 0 && text == name => {
                    // A type must stand in front: `name(x);` alone is a macro call.
                    names_it = self.text(at + 1) == b"(" && at > item.tokens.start;
                }
                _ => {}
            }
        }
        names_it
    }

    /// Whether a branch is what a header's include guard holds: that opens with its first word.
    pub fn is_guard(&self, branch: &Branch) -> bool {
        let opens = branch.opened_by == 0 && self.directive(0) == Some(b"ifndef");
        opens && branch.number == 0
    }

    /// The function that the item declares, if it does nothing else.
    pub fn declared_function(&self, item: &Item) -> Option<&'s [u8]> {
        let names = item.tokens.clone().filter(|&at| self.text(at + 1) == b"(");
        let mut names = names.map(|at| self.text(at));
        names.find(|name| self.is_prototype_of(item, name))
    }

    /// The tokens that are compiled whenever the file is.
    pub fn plain_tokens(&self) -> impl Iterator<Item = usize> {
        let plain = self.items.iter().filter(|item| item.conditions.is_empty());
        let plain = plain.map(|item| item.tokens.clone());
        plain.filter(|tokens| !tokens.clone().any(|at| self.directive(at).is_some())).flatten()
    }

    /// Whether the item does nothing but export `name` to modules.
    pub fn is_export_of(&self, item: &Item, name: &[u8]) -> bool {
        let mut tokens = item.tokens.clone();
        let Some(first) = tokens.next().filter(|&at| self.text(at).starts_with(b"EXPORT_SYMBOL"))
        else {
            return false;
        };
        self.text(first + 1) == b"(" && self.text(first + 2) == name
    }

    /// Whether token `at` is a call of `function` in the body of a function.
    pub fn is_call_of(&self, function: &[u8], at: usize) -> bool {
        let item = self.item_of(at).and_then(|item| self.items.get(item));
        let body = item.and_then(|item| item.function.as_ref()).map(|it| it.body);
        self.text(at) == function
            && self.text(at + 1) == b"("
            && !self.is_member_access(at)
            && body.zip(self.tokens.get(at)).is_some_and(|(body, token)| token.start >= body)
    }

    /// The item that token `at` belongs to.
    pub fn item_of(&self, at: usize) -> Option<usize> {
        let after = self.items.partition_point(|item| item.tokens.start <= at);
        after.checked_sub(1)
    }
}

/// What is wrong, by tokens of the file before, the file after, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Token of the file before.
    pub before: Option<usize>,
    /// Token of the file after.
    pub after: Option<usize>,
    /// What is wrong there.
    pub detail: String,
}

impl Difference {
    /// A difference that both files show.
    pub fn new(before: usize, after: usize, detail: impl Into<String>) -> Difference {
        Difference { before: Some(before), after: Some(after), detail: detail.into() }
    }

    /// `before` has become `after`, and should not have.
    pub fn tokens(before: (&Unit, usize), after: (&Unit, usize)) -> Difference {
        let quote = |(unit, at): (&Unit, usize)| match unit.text(at) {
            [] => "the end of the text".to_owned(),
            text => format!("`{}`", shown(text)),
        };
        let detail = format!("{} became {}", quote(before), quote(after));
        Difference::new(before.1, after.1, detail)
    }
}

/// `text` for a message, cut at 60 characters and at the end of its line.
pub fn shown(text: &[u8]) -> String {
    let line = text.split(|&b| b == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).chars().take(60).collect()
}
