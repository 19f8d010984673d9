//! One source file as the planner needs it: its tokens, where each name stands,
//! and under which preprocessor conditions a place is compiled.

use super::refusal::{Reason, Refusal};
use crate::syntax::decl::{Definition, DefinitionKind, Unit};
use crate::syntax::lexer::{self, TokenKind};
use crate::syntax::split::{self, directive_word};
use crate::syntax::{Function, Token};
use crate::tree::TreePath;
use rustc_hash::FxHashMap;
use std::ops::Range;
use std::sync::Arc;

/// Conditions around a place, outermost first: the text of each `#if` line and
/// the number of the branch, 0 for the first.
pub type Conditions = Vec<(String, u32)>;

/// An object of file scope whose address may be handed to a helper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its type, of an array that of the elements.
    pub ctype: String,
    /// It is an array of one dimension.
    pub is_array: bool,
}

/// A source file with everything the planner asks of it.
pub struct FileContext {
    /// Where it is.
    pub path: TreePath,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// All tokens, directives included.
    pub tokens: Vec<Token>,
    /// Its functions, in order.
    pub functions: Vec<Function>,
    /// What it includes, and what names mean there.
    pub unit: Arc<Unit>,
    /// `#if`s are nested so deeply that conditions are not told apart.
    pub too_deep: bool,
    /// Lines end in CR LF.
    pub crlf: bool,
    line_starts: Vec<u32>,
    defined: FxHashMap<Vec<u8>, usize>,
    by_name: FxHashMap<Vec<u8>, Vec<usize>>,
    in_directives: FxHashMap<Vec<u8>, Vec<usize>>,
    conditions: Vec<(u32, Conditions)>,
}

impl FileContext {
    /// Reads `bytes`.
    pub fn new(path: TreePath, bytes: Arc<[u8]>, unit: Arc<Unit>) -> FileContext {
        let tokens = lexer::tokens(&bytes);
        let (functions, _) = split::functions(&bytes);
        let mut line_starts = vec![0];
        line_starts.extend(memchr::memchr_iter(b'\n', &bytes).map(|at| at as u32 + 1));
        let crlf = bytes
            .iter()
            .position(|&b| b == b'\n')
            .is_some_and(|at| at > 0 && bytes[at - 1] == b'\r');
        let mut context = FileContext {
            path,
            tokens,
            functions,
            unit,
            too_deep: false,
            crlf,
            line_starts,
            defined: FxHashMap::default(),
            by_name: FxHashMap::default(),
            in_directives: FxHashMap::default(),
            conditions: vec![(0, Vec::new())],
            bytes,
        };
        context.index();
        context
    }

    fn index(&mut self) {
        let bytes = self.bytes.clone();
        for function in &self.functions {
            *self.defined.entry(function.name(&bytes).to_vec()).or_default() += 1;
        }
        let mut stack = OpenConditions::default();
        for (index, token) in self.tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Ident => {
                    self.by_name.entry(token.text(&bytes).to_vec()).or_default().push(index);
                }
                TokenKind::Directive => {
                    let text = token.text(&bytes);
                    if stack.update(text) {
                        self.conditions.push((token.end, stack.open.clone()));
                    }
                    for inner in lexer::tokens(text.get(1..).unwrap_or_default()) {
                        if inner.kind == TokenKind::Ident {
                            let name = inner.text(&text[1..]).to_vec();
                            self.in_directives.entry(name).or_default().push(index);
                        }
                    }
                }
                _ => {}
            }
        }
        self.too_deep = stack.overflowed;
    }

    /// The directives that include something whenever the file is compiled, each with what it
    /// includes as it is spelled, with its brackets or quotes.
    pub fn includes(&self) -> impl Iterator<Item = (&Token, &str)> {
        let directives = self
            .tokens
            .iter()
            .filter(|token| token.kind == TokenKind::Directive && self.is_always(token.start));
        directives.filter_map(|token| {
            let (word, rest) = directive_word(token.text(&self.bytes));
            let rest = std::str::from_utf8(rest).ok()?.trim();
            let close = match rest.as_bytes().first()? {
                b'<' => '>',
                b'"' => '"',
                _ => return None,
            };
            let end = rest.get(1..)?.find(close)? + 2;
            (word == b"include").then_some((token, rest.get(..end)?))
        })
    }

    /// How many functions of the file are called `name`.
    pub fn definitions_of(&self, name: &[u8]) -> usize {
        self.defined.get(name).copied().unwrap_or(0)
    }

    /// The text of token `index`, empty past the end.
    pub fn text(&self, index: usize) -> &[u8] {
        self.tokens.get(index).map_or(b"", |token| token.text(&self.bytes))
    }

    /// Line of a byte offset, from 1.
    pub fn line_of(&self, offset: usize) -> u32 {
        self.line_starts.partition_point(|&start| start as usize <= offset) as u32
    }

    /// Offset of the first byte of the line that holds `offset`.
    pub fn line_start(&self, offset: usize) -> usize {
        let line = self.line_of(offset) as usize;
        self.line_starts[line.saturating_sub(1)] as usize
    }

    /// Offset past the newline of the line that holds `offset`.
    pub fn line_end(&self, offset: usize) -> usize {
        let line = self.line_of(offset) as usize;
        self.line_starts.get(line).map_or(self.bytes.len(), |&start| start as usize)
    }

    /// Whether nothing but white space stands in a range of bytes.
    pub fn is_blank(&self, range: Range<usize>) -> bool {
        self.bytes[range].iter().all(u8::is_ascii_whitespace)
    }

    /// Whether a comment stands between two tokens.
    pub fn has_comment(&self, (from, to): (usize, usize)) -> bool {
        let between = &self.bytes[self.tokens[from].end as usize..self.tokens[to].start as usize];
        between.windows(2).any(|pair| pair == b"/*" || pair == b"//")
    }

    /// Indices of the tokens that are the identifier `name`, outside directives.
    pub fn occurrences(&self, name: &[u8]) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Indices of the directives that mention `name`.
    pub fn directives_with(&self, name: &[u8]) -> &[usize] {
        self.in_directives.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether `name` stands anywhere in the file.
    pub fn mentions(&self, name: &[u8]) -> bool {
        !self.occurrences(name).is_empty() || !self.directives_with(name).is_empty()
    }

    /// Index of the first token at or after `offset`.
    pub fn token_at(&self, offset: u32) -> usize {
        self.tokens.partition_point(|token| token.start < offset)
    }

    /// The token indices of `function`.
    pub fn tokens_of(&self, function: &Function) -> Range<usize> {
        self.token_at(function.start)..self.token_at(function.end)
    }

    /// The function that `offset` lies in.
    pub fn function_at(&self, offset: u32) -> Option<&Function> {
        let after = self.functions.partition_point(|f| f.start <= offset);
        after.checked_sub(1).map(|i| &self.functions[i]).filter(|f| offset < f.end)
    }

    /// The preprocessor conditions around `offset`.
    pub fn conditions_at(&self, offset: u32) -> &Conditions {
        let after = self.conditions.partition_point(|(start, _)| *start <= offset);
        &self.conditions[after.saturating_sub(1)].1
    }

    /// Whether what stands at `offset` is compiled whenever the file is: the guard of a
    /// header is no condition.
    pub fn is_always(&self, offset: u32) -> bool {
        match self.conditions_at(offset).as_slice() {
            [] => true,
            [condition] => self.is_guard_branch(condition),
            _ => false,
        }
    }

    /// Whether a condition and its branch are what the file's include guard holds.
    pub fn is_guard_branch(&self, (condition, branch): &(String, u32)) -> bool {
        *branch == 0 && self.is_guard(condition)
    }

    /// Whether the condition is that of the file's include guard, which is defined at once.
    pub fn is_guard(&self, condition: &str) -> bool {
        let Some(name) = condition.strip_prefix("ifndef ") else { return false };
        let mut directives = self.tokens.iter().filter(|it| it.kind == TokenKind::Directive);
        let mut names = |directive: &[u8]| {
            let text = directives.next().map_or(&b""[..], |token| token.text(&self.bytes));
            directive_word(text).0 == directive && lexer::contains_word(text, name.as_bytes())
        };
        names(b"ifndef") && names(b"define")
    }

    /// Whether `name` means nothing yet, here and in the headers that the file includes.
    pub fn is_new_name(&self, name: &str) -> bool {
        !self.mentions(name.as_bytes()) && self.unit.lookup(name).is_empty()
    }

    /// Whether `name` is declared as a function.
    pub fn is_function(&self, name: &str) -> bool {
        let function = |d: &Definition| matches!(d.kind, DefinitionKind::Function(_));
        self.unit.lookup(name).iter().any(function)
    }

    /// Whether `name` is an object of file scope.
    pub fn is_object(&self, name: &str) -> bool {
        let object = |d: &Definition| {
            matches!(d.kind, DefinitionKind::Variable { .. } | DefinitionKind::MacroArgument { .. })
        };
        self.unit.lookup(name).iter().any(object)
    }

    /// The object `name`, if this file declares it once, and with a plain type.
    pub fn object(&self, name: &[u8]) -> Option<Object> {
        let definitions = self.unit.lookup(std::str::from_utf8(name).ok()?);
        let [definition] = definitions.as_slice() else { return None };
        let DefinitionKind::Variable { type_text, is_array, .. } = &definition.kind else {
            return None;
        };
        if *definition.file != *self.path || type_text.contains(['(', '[', '{']) {
            return None;
        }
        // How many dimensions it has, its declaration shows.
        let declared = self.occurrences(name).iter().copied().find(|&token| {
            let offset = self.tokens[token].start;
            offset >= definition.offset && self.function_at(offset).is_none()
        })?;
        let mut dimensions = 0;
        let mut at = declared + 1;
        while self.text(at) == b"[" {
            dimensions += 1;
            while self.text(at) != b"]" {
                at += 1;
                self.tokens.get(at)?;
            }
            at += 1;
        }
        let plain = dimensions == usize::from(*is_array);
        plain.then(|| Object { ctype: type_text.clone(), is_array: *is_array })
    }

    /// Whether `name` is a macro, a typedef or an enumerator: a local of that name
    /// would not be one, or would hide it.
    pub fn is_macro_or_type(&self, name: &str) -> bool {
        let taken = |d: &Definition| {
            use DefinitionKind::{Enumerator, Macro, Typedef};
            matches!(d.kind, Macro(_) | Typedef { .. } | Enumerator { .. })
        };
        self.unit.lookup(name).iter().any(taken)
    }

    /// Whether a header declares the function `name`.
    pub fn is_declared_in_header(&self, name: &str) -> bool {
        let elsewhere =
            |d: &Definition| matches!(d.kind, DefinitionKind::Function(_)) && *d.file != *self.path;
        self.unit.lookup(name).iter().any(elsewhere)
    }

    /// A refusal at a byte offset of this file.
    pub fn refuse(&self, reason: Reason, offset: u32, detail: impl Into<String>) -> Refusal {
        Refusal {
            reason,
            detail: detail.into(),
            file: self.path.clone(),
            line: self.line_of(offset as usize),
        }
    }

    /// The comment that belongs to the function `name` at `start`: a block comment,
    /// or a run of `//` lines, that ends on the line just above it, or one blank
    /// line further up if it names the function. `None` if there is none.
    pub fn leading_comment(&self, start: u32, name: &str) -> Option<Range<usize>> {
        let line = self.line_start(start as usize);
        let floor = self.token_at(start).checked_sub(1).map_or(0, |i| self.tokens[i].end as usize);
        let comments = lexer::comments(&self.bytes, floor, line);
        if let Some(comment) = self.comment_ending_at(line, floor, &comments) {
            let text = &self.bytes[comment.clone()];
            return (!is_banner(text) || lexer::contains_word(text, name.as_bytes()))
                .then_some(comment);
        }
        let blank = line.checked_sub(1).map(|end| self.line_start(end))?;
        let is_blank = self.is_blank(blank..line);
        let detached =
            is_blank.then(|| self.comment_ending_at(blank, floor, &comments)).flatten()?;
        lexer::contains_word(&self.bytes[detached.clone()], name.as_bytes()).then_some(detached)
    }

    /// The comment that ends on the line before `before`.
    fn comment_ending_at(
        &self,
        mut before: usize,
        floor: usize,
        comments: &[Range<usize>],
    ) -> Option<Range<usize>> {
        let mut range: Option<Range<usize>> = None;
        let above = comments.partition_point(|comment| comment.start < before);
        for comment in comments[..above].iter().rev() {
            // A comment behind the code of the line before is not ours.
            let starts_line = self.line_start(comment.start) >= floor || floor == 0;
            if self.line_end(comment.end.saturating_sub(1)) != before || !starts_line {
                break;
            }
            before = self.line_start(comment.start);
            range = Some(before..range.map_or(comment.end, |r| r.end));
            if !self.bytes[comment.clone()].starts_with(b"//") {
                break;
            }
        }
        range
    }
}

/// Whether a comment is a heading for what follows, drawn with a rule of stars or
/// dashes, and not about the next function.
fn is_banner(comment: &[u8]) -> bool {
    let has = |rule: &[u8]| memchr::memmem::find(comment, rule).is_some();
    !comment.contains(&b'@') && (has(b"******") || has(b"------") || has(b"======"))
}

/// `#if`s nested deeper than this are not told apart: no file of a kernel comes
/// near, and the conditions are kept for every directive.
const DEEPEST: usize = 100;

/// The `#if`s that are open.
#[derive(Default)]
struct OpenConditions {
    open: Conditions,
    /// How many more are open than [`DEEPEST`].
    deeper: usize,
    /// There ever were more.
    overflowed: bool,
}

impl OpenConditions {
    /// Follows a conditional directive; says whether there was one.
    fn update(&mut self, directive: &[u8]) -> bool {
        let (word, rest) = directive_word(directive);
        match word {
            b"if" | b"ifdef" | b"ifndef" if self.open.len() == DEEPEST => {
                self.deeper += 1;
                self.overflowed = true;
            }
            b"if" | b"ifdef" | b"ifndef" => {
                let condition = String::from_utf8_lossy(rest.trim_ascii());
                let text = format!("{} {condition}", String::from_utf8_lossy(word));
                self.open.push((text, 0));
            }
            b"elif" | b"else" => {
                if let Some(last) = self.open.last_mut().filter(|_| self.deeper == 0) {
                    last.1 += 1;
                }
            }
            b"endif" if self.deeper > 0 => self.deeper -= 1,
            b"endif" => {
                self.open.pop();
            }
            _ => return false,
        }
        true
    }
}
