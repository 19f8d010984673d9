//! What one macro body says of its parameters and names, before anything is
//! known of the macros that it uses.

use super::declarator::is_attribute;
use super::directive::Define;
use super::facts::{Flags, JOINED, NAME, NEEDS_CONSTANT, PASTED, STRINGIFIED, WRITTEN};
use super::lexeme::{Lexeme, closing};
use crate::syntax::lexer::{TokenKind, is_keyword};
use std::collections::BTreeSet;

/// A call, of a macro or not, around an occurrence of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub callee: String,
    /// Which argument, from 0.
    pub argument: usize,
    /// The argument asks `__builtin_constant_p` of the name before it uses it.
    pub guarded: bool,
}

/// One occurrence of a parameter.
#[derive(Clone, Debug)]
pub(super) struct ParamUse {
    pub param: usize,
    /// What the body shows by itself.
    pub flags: Flags,
    /// The calls around it, innermost first.
    pub calls: Vec<Call>,
    /// Names next to it or to a call around it: if one of them is a string macro,
    /// the parameter is joined to it.
    pub neighbours: Vec<String>,
}

/// One occurrence of a name that is no parameter.
#[derive(Clone, Debug)]
pub(super) struct NameUse {
    pub name: String,
    /// `name(`
    pub called: bool,
    /// The innermost call around it.
    pub within: Option<Call>,
}

/// What one macro definition says.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    /// Parameters, the variadic one last.
    pub params: Vec<String>,
    pub variadic: bool,
    pub function_like: bool,
    pub param_uses: Vec<ParamUse>,
    pub name_uses: Vec<NameUse>,
    /// Names that the body declares for itself.
    pub declared: BTreeSet<String>,
    pub names_function: bool,
    pub names_place: bool,
    pub static_state: bool,
    pub jumps: bool,
    /// The first token is a string literal or the body is one word that may be.
    pub is_string: bool,
}

struct Analysis<'d> {
    define: &'d Define,
    tokens: &'d [Lexeme],
    body: Body,
    /// Open calls: callee, closing parenthesis, number of the argument.
    calls: Vec<(usize, usize, usize)>,
    /// Open braces: whether a loop or switch opened each.
    braces: Vec<bool>,
    /// Inside the initialiser of a static object; inside `case …:`.
    in_static: bool,
    in_case: bool,
}

/// Analyses a definition.
pub(super) fn analyse(define: &Define) -> Body {
    let mut params = define.params.clone().unwrap_or_default();
    params.extend(define.variadic.clone());
    let body = Body {
        params,
        variadic: define.variadic.is_some(),
        function_like: define.params.is_some(),
        is_string: define.body.first().is_some_and(|t| t.kind == TokenKind::Str)
            || matches!(define.body.as_slice(), [a, b, ..] if a.is_ident() && b.kind == TokenKind::Str),
        ..Body::default()
    };
    let mut analysis = Analysis {
        define,
        tokens: &define.body,
        body,
        calls: Vec::new(),
        braces: Vec::new(),
        in_static: false,
        in_case: false,
    };
    for at in 0..define.body.len() {
        analysis.token(at);
    }
    analysis.body
}

fn is_word(token: &Lexeme) -> bool {
    token.is_ident() && !is_keyword(token.text.as_bytes())
}

impl<'d> Analysis<'d> {
    fn text(&self, at: Option<usize>) -> &'d str {
        at.and_then(|at| self.tokens.get(at)).map_or("", |t| &t.text)
    }

    fn before(&self, at: usize, back: usize) -> &'d str {
        self.text(at.checked_sub(back))
    }

    fn word_before(&self, at: usize, back: usize) -> bool {
        at.checked_sub(back).and_then(|i| self.tokens.get(i)).is_some_and(|t| {
            t.is_ident()
                && !matches!(
                    &*t.text,
                    "return" | "case" | "goto" | "else" | "sizeof" | "do" | "in" | "typeof"
                )
        })
    }

    fn token(&mut self, at: usize) {
        let tokens = self.tokens;
        let token = &tokens[at];
        self.calls.retain(|call| call.1 >= at);
        match &*token.text {
            "(" if at > 0 && tokens[at - 1].is_ident() => {
                self.calls.push((at - 1, closing(tokens, at).unwrap_or(tokens.len()), 0));
            }
            "," => self.next_argument(at),
            "{" => {
                let opens_loop = self.opens_loop(at);
                self.braces.push(opens_loop);
            }
            "}" => {
                self.braces.pop();
            }
            ";" => self.in_static = false,
            ":" => self.in_case = false,
            "case" => self.in_case = true,
            "return" | "goto" => self.body.jumps = true,
            "break" | "continue" if !self.braces.contains(&true) => self.body.jumps = true,
            "static" => self.static_object(at),
            "__func__" | "__FUNCTION__" | "__PRETTY_FUNCTION__" => self.body.names_function = true,
            "__COUNTER__" if self.makes_names() => {}
            "__LINE__"
            | "__FILE__"
            | "__COUNTER__"
            | "_THIS_IP_"
            | "_RET_IP_"
            | "__builtin_return_address"
            | "__BASE_FILE__"
            | "__builtin_frame_address" => {
                self.body.names_place = true;
            }
            _ => {}
        }
        if !token.is_ident() {
            return;
        }
        if let Some(param) = self.define.param_index(&token.text) {
            let found = self.param_use(at, param);
            self.body.param_uses.push(found);
        } else if is_word(token) {
            self.name_use(at);
        }
    }

    /// In a call that makes a name unique or checks something: no value.
    fn makes_names(&self) -> bool {
        self.calls.last().is_some_and(|call| {
            let callee = &*self.tokens[call.0].text;
            callee.ends_with("_PASTE") || callee.ends_with("compiletime_assert")
        })
    }

    /// A comma of the innermost call, not of a bracket inside it.
    fn next_argument(&mut self, at: usize) {
        let Some(&(callee, _, _)) = self.calls.last() else { return };
        let mut depth = 0i32;
        for token in &self.tokens[callee + 1..at] {
            match &*token.text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
        }
        if depth == 1
            && let Some(call) = self.calls.last_mut()
        {
            call.2 += 1;
        }
    }

    fn opens_loop(&self, at: usize) -> bool {
        match self.before(at, 1) {
            "do" => true,
            ")" => {
                let mut depth = 0;
                for i in (0..at).rev() {
                    match self.text(Some(i)) {
                        ")" => depth += 1,
                        "(" => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        let word = self.before(i, 1);
                        return matches!(word, "for" | "while" | "switch")
                            || word.contains("for_each");
                    }
                }
                false
            }
            _ => false,
        }
    }

    fn static_object(&mut self, at: usize) {
        let head = self.tokens[at..].iter().take_while(|t| !t.is("=") && !t.is(";") && !t.is("{"));
        let words: Vec<&str> = head.map(|t| &*t.text).collect();
        // Of a pointer, what it points to may be const and the pointer not.
        let own = words.iter().rposition(|w| *w == "*").unwrap_or(0);
        let constant = words[own..].contains(&"const");
        let function = words.iter().any(|w| w.contains("inline"));
        self.in_static = true;
        self.body.static_state |= !constant && !function;
    }

    fn calls_around(&self, name: &str) -> Vec<Call> {
        self.calls
            .iter()
            .rev()
            .map(|&(callee, close, argument)| Call {
                callee: self.tokens[callee].text.to_string(),
                argument,
                guarded: self.is_guarded(callee, close, name),
            })
            .collect()
    }

    /// `__builtin_constant_p(name) ?` or `… &&` in a call's arguments, or a choice
    /// by whether the expression is constant.
    fn is_guarded(&self, from: usize, to: usize, name: &str) -> bool {
        let range = self.tokens.get(from + 2..to.min(self.tokens.len())).unwrap_or_default();
        let chosen = range.windows(3).any(|w| {
            w[0].is("__builtin_choose_expr")
                && (w[2].is("__is_constexpr") || w[2].is("__builtin_constant_p"))
        });
        chosen
            || range.windows(5).enumerate().any(|(i, w)| {
                w[0].is("__builtin_constant_p")
                    && w[2].is(name)
                    && (w[4].is("?") || w[4].is("&&"))
                    && !self.before(from + 2 + i, 1).starts_with('!')
            })
    }

    fn param_use(&self, at: usize, param: usize) -> ParamUse {
        let name = &self.tokens[at].text;
        let (previous, next) = (self.before(at, 1), self.text(Some(at + 1)));
        let mut flags = 0;
        if previous == "#" {
            flags |= STRINGIFIED;
        }
        let comma = previous == "##"
            && self.before(at, 2) == ","
            && self.define.variadic.as_deref() == Some(name);
        if next == "##" || (previous == "##" && !comma) {
            flags |= PASTED;
        }
        if self.in_static || self.in_case || self.is_bound(at) || self.is_bit_field(at) {
            flags |= NEEDS_CONSTANT;
        }
        if self.is_name(at) {
            flags |= NAME;
        }
        if self.is_written(at) {
            flags |= WRITTEN;
        }
        let mut neighbours = Vec::new();
        let mut sides = vec![(at, at)];
        sides.extend(self.calls.iter().map(|&(callee, close, _)| (callee, close)));
        for (first, last) in sides {
            let around = [first.checked_sub(1), Some(last + 1)];
            for token in around.into_iter().flatten().filter_map(|i| self.tokens.get(i)) {
                let text = flags & STRINGIFIED == 0 && token.kind == TokenKind::Str;
                if text || self.define.param_index(&token.text).is_some() {
                    flags |= JOINED;
                } else if is_word(token) {
                    neighbours.push(token.text.to_string());
                }
            }
        }
        let calls = self.calls_around(name);
        ParamUse { param, flags, calls, neighbours }
    }

    /// Assigned, counted, handed on by its address, or an operand of `asm`.
    fn is_written(&self, at: usize) -> bool {
        let (mut first, mut last) = (at, at);
        while self.before(first, 1) == "(" && self.text(Some(last + 1)) == ")" {
            if first >= 2 && self.tokens[first - 2].kind == TokenKind::Str {
                return true;
            }
            // The parentheses of a call are not around an operand.
            if self.word_before(first, 2) {
                break;
            }
            (first, last) = (first - 1, last + 1);
        }
        let (previous, next) = (self.before(first, 1), self.text(Some(last + 1)));
        let is_operand = self.word_before(first, 2)
            || matches!(self.before(first, 2), ")" | "]")
            || first >= 2 && self.tokens[first - 2].kind == TokenKind::Number;
        let assigns = next.ends_with('=') && !matches!(next, "==" | "!=" | "<=" | ">=");
        assigns
            || matches!(next, "++" | "--")
            || matches!(previous, "++" | "--")
            || previous == "&" && !is_operand
    }

    /// Inside the brackets of an array's declaration or of a designator.
    fn is_bound(&self, at: usize) -> bool {
        let mut depth = 0i32;
        for i in (0..at).rev() {
            match &*self.tokens[i].text {
                "]" | ")" => depth += 1,
                "(" => depth -= 1,
                "[" if depth > 0 => depth -= 1,
                "[" => {
                    let pointer = self.before(i, 2) == "*"
                        && self.word_before(i, 3)
                        && matches!(self.before(i, 4), "" | ";" | "{" | "}" | "struct" | "const");
                    // `sizeof(char[1 - 2 * !!(x)])`, the older BUILD_BUG_ON.
                    let unnamed = matches!(self.before(i, 1), "char" | "int" | "long" | "short");
                    let declared =
                        self.word_before(i, 1) && (self.word_before(i, 2) || pointer) || unnamed;
                    return declared || matches!(self.before(i, 1), "{" | ",");
                }
                ";" | "{" | "}" => return false,
                _ => {}
            }
        }
        false
    }

    fn is_bit_field(&self, at: usize) -> bool {
        self.before(at, 1) == ":" && self.text(Some(at + 1)) == ";" && self.word_before(at, 2) && {
            let statement = self.tokens[..at].iter().rev().take_while(|t| !t.is(";"));
            !statement.into_iter().any(|t| t.is("?") || t.is("case"))
        }
    }

    /// Whether a type, a member, a tag, a label or a declared name stands at `at`.
    fn is_name(&self, at: usize) -> bool {
        let (previous, next) = (self.before(at, 1), self.text(Some(at + 1)));
        let starts = matches!(previous, "" | ";" | "{" | "}");
        let after = self.tokens.get(at + 2);
        let cast = previous == "("
            && next == ")"
            && !self.word_before(at, 2)
            && !matches!(self.before(at, 2), "sizeof" | "typeof" | "__typeof__" | "__typeof")
            && after.is_some_and(|t| {
                matches!(t.kind, TokenKind::Ident | TokenKind::Number) || t.is("(")
            });
        matches!(previous, "struct" | "union" | "enum" | "goto" | "." | "->")
            || cast
            || (next == "*" && after.is_some_and(|t| t.is(")")))
            || (starts && next == ":")
            || (self.tokens.get(at + 1).is_some_and(is_word))
            || self.is_declared(at)
    }

    /// Whether the name at `at` is what a declaration in the body declares.
    fn is_declared(&self, at: usize) -> bool {
        let next = self.text(Some(at + 1));
        if !matches!(next, "=" | ";" | "[" | "," | ")" | "(") && !is_attribute(next) {
            return false;
        }
        let mut back = 1;
        // `static bool __section("x") name`: on to what stands before it.
        while let Some(word) = self.attribute_before(at.saturating_sub(back - 1)) {
            back += at.saturating_sub(back - 1) - word;
        }
        while self.before(at, back) == "*" {
            back += 1;
        }
        let from = at.saturating_sub(back);
        if self.before(at, back) == ")" {
            let open = (0..from)
                .rev()
                .find(|&i| self.tokens[i].is("(") && closing(self.tokens, i) == Some(from));
            return open.is_some_and(|open| self.before(open, 1).contains("typeof"));
        }
        let alone = back == 1
            || matches!(
                self.before(at, back + 1),
                "" | ";" | "{" | "}" | "struct" | "const" | "static" | "(" | "," | "union" | "enum"
            );
        self.word_before(at, back) && alone
    }

    /// Where an attribute begins that ends just before `at`.
    fn attribute_before(&self, at: usize) -> Option<usize> {
        let last = at.checked_sub(1)?;
        let word = if self.tokens.get(last)?.is(")") {
            let opens =
                |i: &usize| self.tokens[*i].is("(") && closing(self.tokens, *i) == Some(last);
            (0..last).rev().find(opens)?.checked_sub(1)?
        } else {
            last
        };
        is_attribute(&self.tokens.get(word)?.text).then_some(word)
    }

    fn name_use(&mut self, at: usize) {
        let previous = self.before(at, 1);
        let name = self.tokens[at].text.to_string();
        if self.is_declared(at) {
            self.body.declared.insert(name.clone());
        }
        if matches!(previous, "." | "->" | "struct" | "union" | "enum" | "##" | "goto")
            || self.text(Some(at + 1)) == "##"
        {
            return;
        }
        let within = self.calls_around(&name).into_iter().next();
        let called = self.text(Some(at + 1)) == "(";
        self.body.name_uses.push(NameUse { name, called, within });
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
