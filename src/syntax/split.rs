//! Tier 1: splits a file into its top-level functions by matching braces.
//!
//! No grammar is involved, so nothing that a macro hides can throw it off for
//! longer than one function. At `#else` and `#elif` the depths of the `#if` come
//! back, which keeps branches with unbalanced braces from running away.

use super::lexer::{LexProblem, Lexer, Token, TokenKind};
use memchr::memchr_iter;
use std::ops::Range;

/// A function definition, by its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Byte range of its name.
    pub name: Range<u32>,
    /// First byte of the signature (storage class, attributes and all).
    pub start: u32,
    /// The `{` of the body.
    pub body: u32,
    /// One past the `}` of the body.
    pub end: u32,
    /// Line of `start`, from 1.
    pub start_line: u32,
    /// Line of the closing brace, from 1.
    pub end_line: u32,
    /// Number of tokens from `start` to `end`; a directive counts as one.
    pub token_count: u32,
    /// The signature is a macro call without a return type
    /// (`SYSCALL_DEFINE3(read, …) {`): the C name is not in the text.
    pub macro_defined: bool,
    /// It stands under `#if 0` and is never compiled.
    pub disabled: bool,
    /// Its braces do not balance; it was closed at a `}` in column 0.
    pub unbalanced: bool,
}

impl Function {
    /// Number of lines, from the first of the signature to the closing brace.
    pub fn lines(&self) -> u32 {
        self.end_line - self.start_line + 1
    }

    /// The function's name in `source`, the file it was split from.
    pub fn name<'s>(&self, source: &'s [u8]) -> &'s [u8] {
        &source[self.name.start as usize..self.name.end as usize]
    }

    /// Byte range of the whole definition.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Byte range of the signature, up to the `{`.
    pub fn signature(&self) -> Range<usize> {
        self.start as usize..self.body as usize
    }
}

/// What [`split`] says of a file apart from its functions.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// Number of lines of the file.
    pub lines: u32,
    /// Byte offset of the signature of a function whose body never ends.
    pub unclosed: Option<u32>,
    /// What the lexer could not read.
    pub problems: Vec<LexProblem>,
}

/// One open `#if`.
struct Condition {
    at_if: Depth,
    /// Depth at the end of the first branch, once there is a second.
    after_first: Option<Depth>,
    /// This branch is `#if 0`, or `#else` of `#if 1`.
    dead: bool,
}

#[derive(Clone, Copy, Default)]
struct Depth {
    brace: u32,
    paren: u32,
}

/// A function whose `}` has not been met yet.
struct OpenFunction {
    header: Header,
    body: u32,
    disabled: bool,
}

struct Splitter<'s> {
    source: &'s [u8],
    depth: Depth,
    conditions: Vec<Condition>,
    /// Tokens of the current top-level item.
    item: Vec<Token>,
    /// An `=` outside parentheses and braces: the item is an initialised object.
    has_initialiser: bool,
    open: Option<OpenFunction>,
    /// How far `line` has been counted.
    counted_to: usize,
    line: u32,
}

/// Finds the functions of `source` in order and hands each to `on_function` with
/// its tokens (signature and body, directives included).
pub fn split(source: &[u8], mut on_function: impl FnMut(Function, &[Token])) -> Outline {
    let mut lexer = Lexer::new(source);
    let mut splitter = Splitter {
        source,
        depth: Depth::default(),
        conditions: Vec::new(),
        item: Vec::with_capacity(1024),
        has_initialiser: false,
        open: None,
        counted_to: 0,
        line: 1,
    };
    for token in lexer.by_ref() {
        if let Some(function) = splitter.token(token) {
            on_function(function, &splitter.item);
            splitter.end_item();
        }
    }
    let unclosed = splitter.open.as_ref().map(|open| open.header.start);
    let lines = splitter.line_of(source.len());
    let ends_in_newline = source.last().is_none_or(|&b| b == b'\n');
    Outline {
        lines: if ends_in_newline { lines - 1 } else { lines },
        unclosed,
        problems: std::mem::take(&mut lexer.problems),
    }
}

/// The functions of `source` with their tokens dropped.
pub fn functions(source: &[u8]) -> (Vec<Function>, Outline) {
    let mut found = Vec::new();
    let outline = split(source, |function, _| found.push(function));
    (found, outline)
}

impl Splitter<'_> {
    /// Line of `offset`, from 1. Offsets must not decrease from call to call.
    fn line_of(&mut self, offset: usize) -> u32 {
        if offset > self.counted_to {
            self.line += memchr_iter(b'\n', &self.source[self.counted_to..offset]).count() as u32;
            self.counted_to = offset;
        }
        self.line
    }

    fn end_item(&mut self) {
        self.item.clear();
        self.has_initialiser = false;
        self.open = None;
    }

    fn token(&mut self, token: Token) -> Option<Function> {
        if token.kind == TokenKind::Directive {
            self.directive(token);
            return None;
        }
        self.item.push(token);
        if token.kind != TokenKind::Punct || token.end - token.start != 1 {
            return None;
        }
        match self.source[token.start as usize] {
            b'{' => self.open_brace(token),
            b'}' => return self.close_brace(token),
            b'(' => self.depth.paren += 1,
            b')' => self.depth.paren = self.depth.paren.saturating_sub(1),
            b'=' if self.depth.brace == 0 && self.depth.paren == 0 => self.has_initialiser = true,
            b';' if self.depth.brace == 0 && self.depth.paren == 0 => self.end_item(),
            _ => {}
        }
        None
    }

    fn open_brace(&mut self, brace: Token) {
        if self.open.is_none()
            && self.depth.brace == 0
            && self.depth.paren == 0
            && !self.has_initialiser
            && let Some(header) = header(self.source, &self.item)
        {
            // Whatever stood before the signature is another item.
            let first = self.item.iter().position(|t| t.start == header.start).unwrap_or(0);
            self.item.drain(..first);
            let disabled = self.conditions.iter().any(|c| c.dead);
            self.open = Some(OpenFunction { header, body: brace.start, disabled });
        }
        self.depth.brace += 1;
    }

    fn close_brace(&mut self, brace: Token) -> Option<Function> {
        self.depth.brace = self.depth.brace.saturating_sub(1);
        let at = brace.start as usize;
        let in_column_0 = at == 0 || self.source[at - 1] == b'\n';
        let unbalanced = self.depth.brace > 0;
        let ends_here = || in_column_0 && !indented_after(self.source, at + 1);
        if unbalanced && !(self.open.is_some() && ends_here()) {
            return None;
        }
        let Some(open) = self.open.take() else {
            // The end of a struct, enum or initialiser: its item goes on to `;`.
            return None;
        };
        // Kernel style closes a function, and nothing inside one, in column 0.
        self.depth = Depth::default();
        let start_line = self.line_of(open.header.start as usize);
        let end_line = self.line_of(at);
        Some(Function {
            name: open.header.name,
            start: open.header.start,
            body: open.body,
            end: brace.end,
            start_line,
            end_line,
            token_count: self.item.len() as u32,
            macro_defined: open.header.macro_defined,
            disabled: open.disabled,
            unbalanced,
        })
    }

    fn directive(&mut self, token: Token) {
        let (word, rest) = directive_word(token.text(self.source));
        match word {
            b"if" | b"ifdef" | b"ifndef" => self.conditions.push(Condition {
                at_if: self.depth,
                after_first: None,
                dead: word == b"if" && rest.trim_ascii() == b"0",
            }),
            b"else" | b"elif" => {
                if let Some(condition) = self.conditions.last_mut() {
                    condition.after_first.get_or_insert(self.depth);
                    condition.dead = false;
                    self.depth = condition.at_if;
                }
            }
            b"endif" => {
                if let Some(after_first) = self.conditions.pop().and_then(|c| c.after_first) {
                    self.depth = after_first;
                }
            }
            _ => {}
        }
        // A directive among the parameters, or a `#define` between the `)` and
        // the `{`, is part of the definition; any other ends the item before it.
        let between = matches!(word, b"define" | b"undef" | b"pragma")
            && self.item.last().is_some_and(|t| t.is(self.source, b")"));
        if self.open.is_some() || (self.depth.brace == 0 && (self.depth.paren > 0 || between)) {
            self.item.push(token);
        } else if self.depth.brace == 0 {
            self.end_item();
        }
    }
}

/// Whether the first line with text after the one of `at` is indented: a `}` in
/// column 0 before it does not end a function.
fn indented_after(source: &[u8], at: usize) -> bool {
    let mut lines = source[at..].split(|&b| b == b'\n').skip(1);
    let next = lines.find(|line| !line.trim_ascii().is_empty());
    next.is_some_and(|line| line[0].is_ascii_whitespace())
}

/// The word after `#` of a directive and what follows it.
pub fn directive_word(text: &[u8]) -> (&[u8], &[u8]) {
    let rest = text.strip_prefix(b"#").unwrap_or(text).trim_ascii_start();
    let end = rest.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
    rest.split_at(end)
}

struct Header {
    start: u32,
    name: Range<u32>,
    macro_defined: bool,
}

/// Words that take parentheses in a declarator and never name a function.
fn is_attribute(word: &[u8]) -> bool {
    matches!(
        word,
        b"__attribute__"
            | b"__attribute"
            | b"__declspec"
            | b"__printf"
            | b"__scanf"
            | b"__acquires"
            | b"__releases"
            | b"__must_hold"
            | b"__cond_lock"
            | b"__acquire"
            | b"__release"
            | b"__aligned"
            | b"__section"
            | b"__alloc_size"
            | b"__diagnose_as"
            | b"__no_sanitize"
            | b"__cond_acquires"
            | b"__nonnull"
            | b"__assume_aligned"
            | b"__printf_like"
            | b"__no_caller_saved_registers"
            | b"__alias"
            | b"__cold"
            | b"__realloc_size"
            | b"__cleanup"
            | b"__error"
            | b"__warning"
            | b"__cfi"
    ) || super::lexer::is_keyword(word)
}

/// Reads the tokens of a top-level item that ends in `{` as a function header,
/// or finds that it is none (a struct, an enum, a block of another sort).
fn header(source: &[u8], item: &[Token]) -> Option<Header> {
    let tokens = &item[..item.len() - 1];
    let text = |i: usize| tokens[i].text(source);
    if tokens.first()?.is(source, b"typedef") {
        return None;
    }
    // `name (` pairs outside parentheses, with the index past their `)`.
    let mut candidates: Vec<(usize, usize)> = Vec::new();
    let mut nested: Option<usize> = None;
    let mut depth = 0u32;
    for i in 0..tokens.len() {
        match text(i) {
            b"(" => {
                let before = i.checked_sub(1).filter(|&p| tokens[p].kind == TokenKind::Ident);
                if let Some(p) = before.filter(|&p| !is_attribute(text(p))) {
                    if depth == 0 {
                        candidates.push((p, tokens.len()));
                    } else if nested.is_none() {
                        nested = Some(p);
                    }
                }
                depth += 1;
            }
            b")" => {
                depth = depth.saturating_sub(1);
                if depth == 0
                    && let Some(last) = candidates.last_mut()
                    && last.1 == tokens.len()
                {
                    last.1 = i + 1;
                }
            }
            _ => {}
        }
    }
    // `int foo(int a) __attr(x)`: a name never follows a closing parenthesis
    // unless a macro call without `;` stands in front of it on another line.
    let starts_line =
        |i: usize| tokens[i].start == 0 || source[tokens[i].start as usize - 1] == b'\n';
    let mut chosen = candidates.len();
    while chosen > 1 {
        let (name, _) = candidates[chosen - 1];
        if text(name - 1) != b")" || starts_line(name) {
            break;
        }
        chosen -= 1;
    }
    // `int (*foo(int a))(int b)`: the name stands inside parentheses.
    let name = match chosen.checked_sub(1) {
        Some(last) => candidates[last].0,
        None => nested?,
    };
    // A struct body after an attribute with parentheses has no name before `(`.
    let mut first = 0;
    if let Some(&(macro_name, past)) = candidates.first()
        && macro_name == 0
        && past <= name
        && !text(0).starts_with(b"__")
        && starts_line(past)
    {
        first = (past..name).find(|&i| tokens[i].kind != TokenKind::Directive).unwrap_or(name);
    }
    let storage = |word: &[u8]| {
        matches!(word, b"static" | b"extern" | b"inline" | b"__init" | b"__exit" | b"asmlinkage")
    };
    let macro_defined = (first..name).all(|i| storage(text(i)));
    let named = if macro_defined {
        (name + 2..tokens.len()).find(|&i| tokens[i].kind == TokenKind::Ident).unwrap_or(name)
    } else {
        name
    };
    let range = tokens[named].start..tokens[named].end;
    Some(Header { start: tokens[first].start, name: range, macro_defined })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Vec<String> {
        let (found, _) = functions(source.as_bytes());
        found
            .iter()
            .map(|f| String::from_utf8_lossy(f.name(source.as_bytes())).into_owned())
            .collect()
    }

    #[test]
    fn plain_functions_have_their_lines() {
        let source = "int x;\n\nstatic int\nfoo(void)\n{\n\treturn 1;\n}\n";
        let (found, outline) = functions(source.as_bytes());
        assert_eq!((found[0].start_line, found[0].end_line), (3, 7));
        assert_eq!(outline.lines, 7);
        assert!(source[found[0].range()].starts_with("static int"));
    }

    #[test]
    fn attributes_stand_before_and_after_the_declarator() {
        assert_eq!(names("static __printf(2, 3) void a(int x) { }"), ["a"]);
        assert_eq!(names("static int __init b(void)\n\t__acquires(lock)\n{ }"), ["b"]);
        assert_eq!(names("void c(void) __attribute__((cold)) { }"), ["c"]);
        assert_eq!(names("__must_check static struct foo *d(int x) __must_hold(&x->l) { }"), ["d"]);
    }

    #[test]
    fn structs_initialisers_and_macro_calls_are_no_functions() {
        assert!(names("struct foo { int a; };").is_empty());
        assert!(names("struct __attribute__((packed)) foo { int a; };").is_empty());
        assert!(names("static int a[] = { F(1), };").is_empty());
        assert!(names("static DEVICE_ATTR(a, 0444, show, NULL);").is_empty());
        assert!(names("DEFINE_THING(a, { 1, 2 });").is_empty());
        assert!(names("enum { A = B(1), C };").is_empty());
    }

    #[test]
    fn a_macro_call_without_semicolon_is_not_part_of_the_next_function() {
        let source = "MODULE_THING(x)\nstatic int foo(void)\n{\n}\n";
        let (found, _) = functions(source.as_bytes());
        assert_eq!(found[0].start_line, 2);
        assert_eq!(names(source), ["foo"]);
    }

    #[test]
    fn a_function_that_returns_a_function_pointer_has_its_inner_name() {
        assert_eq!(names("static int (*pick(int a))(void) { return 0; }"), ["pick"]);
    }

    #[test]
    fn macro_defined_functions_are_marked() {
        let source = "SYSCALL_DEFINE1(frob, int, a)\n{\n}\n";
        let (found, _) = functions(source.as_bytes());
        assert!(found[0].macro_defined);
        assert_eq!(names(source), ["frob"]);
    }

    #[test]
    fn branches_with_unbalanced_braces_do_not_run_away() {
        let source = "int a(void)\n{\n#ifdef X\n\tif (p) {\n#else\n\tif (q) {\n#endif\n\t\tr();\n\t}\n}\n\
                      #ifdef Y\nint b(int c)\n{\n#else\nint b(void)\n{\n#endif\n}\nint d(void)\n{\n}\n";
        assert_eq!(names(source), ["a", "b", "d"]);
    }

    #[test]
    fn code_under_if_0_is_disabled() {
        let source = "#if 0\nint a(void) {}\n#else\nint b(void) {}\n#endif\nint c(void) {}\n";
        let (found, _) = functions(source.as_bytes());
        let disabled: Vec<_> = found.iter().map(|f| f.disabled).collect();
        assert_eq!(disabled, [true, false, false]);
    }

    #[test]
    fn a_define_between_signature_and_body_is_part_of_the_function() {
        let source =
            "A(x)\nstatic int a(int b)\n#define C 1\n{\n}\nM(x)\n#define D\nint e(void)\n{\n}\n";
        assert_eq!(names(source), ["a", "e"]);
        let (found, _) = functions(source.as_bytes());
        assert!(source[found[1].range()].starts_with("int e"));
        assert_eq!(found[0].token_count, 10);
    }

    #[test]
    fn a_directive_among_the_parameters_is_a_token_of_the_function() {
        let source = "int a(int b,\n#ifdef X\n\tint c\n#else\n\tint d\n#endif\n)\n{\n}\n";
        let mut lexed = Vec::new();
        split(source.as_bytes(), |function, tokens| {
            lexed.push((function.range(), tokens.len()));
        });
        let alone = super::super::lexer::tokens(&source.as_bytes()[lexed[0].0.clone()]);
        assert_eq!(lexed[0].1, alone.len());
    }

    #[test]
    fn an_unclosed_function_is_reported() {
        let (found, outline) = functions(b"int a(void) { if (x) {\n");
        assert!(found.is_empty());
        assert_eq!(outline.unclosed, Some(0));
    }

    #[test]
    fn a_brace_in_column_0_before_indented_code_does_not_end_the_function() {
        let source = "int a(int b)\n{\n\tswitch (b) {\n\tcase 1:\n\t\tc();\n}\n\n\treturn 0;\n}\n";
        let (found, _) = functions(source.as_bytes());
        assert_eq!((found[0].end_line, found[0].unbalanced), (9, false));
    }

    #[test]
    fn a_missing_brace_costs_one_function_only() {
        let source = "int a(void)\n{\n\tif (x) {\n}\n\nint b(void)\n{\n}\n";
        let (found, _) = functions(source.as_bytes());
        assert_eq!(found.iter().map(|f| f.unbalanced).collect::<Vec<_>>(), [true, false]);
    }
}
