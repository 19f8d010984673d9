//! Macro expansion for the constant evaluator.
//!
//! A macro with one visible body is replaced by its tokens, as the preprocessor
//! does it. One with several bodies (branches of `#if`) becomes a single value:
//! each body is evaluated alone, and all must have the same type.

use super::constant::{Constant, Evaluated, MAX_DEPTH, NotConstant, NotConstantReason};
use super::declarator::is_attribute;
use super::directive::Define;
use super::index::{Definition, DefinitionKind};
use super::lexeme::{Lexeme, closing, lexemes, split_commas};
use super::native;
use super::parser::Parser;
use super::types::{CType, is_known_typedef};
use super::unit::Unit;
use crate::syntax::lexer::{TokenKind, is_keyword};
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::rc::Rc;

/// What the parser reads.
#[derive(Clone, Debug)]
pub(super) enum Atom {
    /// A token that no macro stands for.
    Token(Lexeme),
    /// A constant that has been worked out.
    Value { constant: Constant, at: u32 },
}

impl Atom {
    pub fn at(&self) -> u32 {
        match self {
            Atom::Token(token) => token.at,
            Atom::Value { at, .. } => *at,
        }
    }
}

/// Tokens that one evaluation may touch; keeps macro bombs from running.
const MAX_TOKENS: u32 = 200_000;

/// Evaluates expressions in a unit.
pub(super) struct Expander<'u> {
    pub unit: &'u Unit,
    depth: Cell<u32>,
    budget: Rc<Cell<u32>>,
    /// Enumerators of an enum that is being gone through.
    scope: FxHashMap<String, Constant>,
}

/// The bodies that a name is defined with as a macro, without repetitions.
struct Bodies {
    distinct: Vec<Define>,
    /// All of them stand below `include/` or `arch/`.
    in_include: bool,
}

/// Whether a path is one of the kernel's shared headers.
pub(super) fn is_shared(path: &str) -> bool {
    path.starts_with("include/") || path.starts_with("arch/")
}

fn bodies(definitions: &[Definition], function_like: bool) -> Bodies {
    let mut found = Bodies { distinct: Vec::new(), in_include: true };
    for definition in definitions {
        let DefinitionKind::Macro(define) = &definition.kind else { continue };
        if define.params.is_some() != function_like {
            continue;
        }
        found.in_include &= is_shared(&definition.file);
        let same = |d: &Define| d.params == define.params && d.body_text() == define.body_text();
        if !found.distinct.iter().any(same) {
            found.distinct.push(define.clone());
        }
    }
    found
}

impl<'u> Expander<'u> {
    pub fn new(unit: &'u Unit) -> Self {
        let budget = Rc::new(Cell::new(MAX_TOKENS));
        Expander { unit, depth: Cell::new(0), budget, scope: FxHashMap::default() }
    }

    /// An expander one level deeper, with a scope of its own; `None` at the limit.
    pub fn nested(&self) -> Option<Self> {
        let depth = self.depth.get() + 8;
        (depth < MAX_DEPTH).then(|| Expander {
            unit: self.unit,
            depth: Cell::new(depth),
            budget: self.budget.clone(),
            scope: self.scope.clone(),
        })
    }

    /// Whether the limit of depth is far away.
    pub fn is_shallow(&self) -> bool {
        self.depth.get() < 8
    }

    /// Gives a name of the enum at hand its value.
    pub fn define(&mut self, name: String, constant: Constant) {
        self.scope.insert(name, constant);
    }

    pub fn local(&self, name: &str) -> Option<Constant> {
        self.scope.get(name).cloned()
    }

    /// The type and value of an expression.
    pub fn evaluate(&self, tokens: &[Lexeme]) -> Evaluated {
        self.evaluate_hiding(tokens, &[])
    }

    fn evaluate_hiding(&self, tokens: &[Lexeme], hidden: &[String]) -> Evaluated {
        let mut atoms = Vec::new();
        self.expand(tokens, hidden, &mut atoms)?;
        Parser::new(self.unit, &atoms, self.depth.get()).whole()
    }

    fn too_deep(&self, at: u32) -> NotConstant {
        NotConstant { reason: NotConstantReason::TooDeep, at }
    }

    fn expand(
        &self,
        tokens: &[Lexeme],
        hidden: &[String],
        out: &mut Vec<Atom>,
    ) -> Result<(), NotConstant> {
        let at = tokens.first().map_or(0, |t| t.at);
        let left = self.budget.get().checked_sub(tokens.len() as u32);
        self.budget.set(left.ok_or_else(|| self.too_deep(at))?);
        self.depth.set(self.depth.get() + 1);
        if self.depth.get() > MAX_DEPTH {
            return Err(self.too_deep(at));
        }
        let mut pos = 0;
        while pos < tokens.len() {
            pos = self.step(tokens, pos, hidden, out)?;
        }
        self.depth.set(self.depth.get() - 1);
        Ok(())
    }

    /// Expands what stands at `pos`; returns where to go on.
    fn step(
        &self,
        tokens: &[Lexeme],
        pos: usize,
        hidden: &[String],
        out: &mut Vec<Atom>,
    ) -> Result<usize, NotConstant> {
        let token = &tokens[pos];
        let name = &*token.text;
        let call = tokens.get(pos + 1).filter(|t| t.is("(")).and_then(|_| closing(tokens, pos + 1));
        let keep = |out: &mut Vec<Atom>| {
            out.push(Atom::Token(token.clone()));
            Ok(pos + 1)
        };
        if token.kind != TokenKind::Ident {
            return keep(out);
        }
        if matches!(name, "struct" | "union" | "enum") {
            out.push(Atom::Token(token.clone()));
            out.extend(tokens.get(pos + 1).cloned().map(Atom::Token));
            return Ok(pos + 2);
        }
        if let Some(constant) = native::keyword(name) {
            out.push(Atom::Value { constant, at: token.at });
            return Ok(pos + 1);
        }
        if matches!(name, "sizeof" | "_Alignof" | "__alignof__" | "__builtin_offsetof") {
            let end = call.map_or(pos + 2, |close| close + 1);
            self.check_visible(tokens.get(pos + 1..end).unwrap_or_default())?;
            let constant = Constant { ctype: CType::ULong, value: None };
            out.push(Atom::Value { constant, at: token.at });
            return Ok(end);
        }
        if is_keyword(name.as_bytes()) || is_known_typedef(name) {
            return keep(out);
        }
        if is_attribute(name) || matches!(name, "__force" | "__user" | "__iomem" | "__percpu") {
            return Ok(call.map_or(pos, |close| if name == "__force" { pos } else { close }) + 1);
        }
        let definitions = self.unit.lookup(name);
        if !hidden.iter().any(|h| h == name) {
            let hidden = [hidden, &[name.to_string()]].concat();
            if let Some(close) = call {
                let found = bodies(&definitions, true);
                if !found.distinct.is_empty() {
                    let args = split_commas(tokens, pos + 2, close);
                    let args: Vec<&[Lexeme]> = args.into_iter().map(|r| &tokens[r]).collect();
                    self.call(token, &args, &found, &hidden, out)?;
                    return Ok(close + 1);
                }
            }
            let found = bodies(&definitions, false);
            if !found.distinct.is_empty() {
                self.object(token, &found, &hidden, out)?;
                return Ok(pos + 1);
            }
        }
        if let Some(constant) = self.enumerator(token)? {
            out.push(Atom::Value { constant, at: token.at });
            return Ok(pos + 1);
        }
        if definitions.is_empty()
            && let Some(found) = native::generated(token)
        {
            out.push(found);
            return Ok(pos + 1);
        }
        keep(out)
    }

    fn object(
        &self,
        name: &Lexeme,
        found: &Bodies,
        hidden: &[String],
        out: &mut Vec<Atom>,
    ) -> Result<(), NotConstant> {
        let bodies: Vec<_> = found.distinct.iter().map(|d| relocated(&d.body, name.at)).collect();
        self.splice(name, &bodies, hidden, out)
    }

    /// Puts the one body in, or the value that all bodies have.
    fn splice(
        &self,
        name: &Lexeme,
        bodies: &[Vec<Lexeme>],
        hidden: &[String],
        out: &mut Vec<Atom>,
    ) -> Result<(), NotConstant> {
        if let [only] = bodies {
            return self.expand(only, hidden, out);
        }
        let mut merged: Option<Constant> = None;
        for body in bodies {
            let found = self.evaluate_hiding(body, hidden)?;
            merged = Some(match merged {
                None => found,
                Some(old) if old.ctype == found.ctype => {
                    let value = old.value.filter(|_| old.value == found.value);
                    Constant { value, ..old }
                }
                Some(_) => {
                    let reason = NotConstantReason::Ambiguous(name.text.to_string());
                    return Err(NotConstant { reason, at: name.at });
                }
            });
        }
        out.extend(merged.map(|constant| Atom::Value { constant, at: name.at }));
        Ok(())
    }

    fn call(
        &self,
        name: &Lexeme,
        args: &[&[Lexeme]],
        found: &Bodies,
        hidden: &[String],
        out: &mut Vec<Atom>,
    ) -> Result<(), NotConstant> {
        if found.in_include {
            let unhidden = hidden.split_last().map_or(&[][..], |(_, rest)| rest);
            let evaluate = |tokens: &[Lexeme]| self.evaluate_hiding(tokens, unhidden);
            let visible = |tokens: &[Lexeme]| self.check_visible(tokens);
            if let Some(result) = native::call(name, args, &evaluate, &visible) {
                out.push(Atom::Value { constant: result?, at: name.at });
                return Ok(());
            }
        }
        let bodies: Vec<_> =
            found.distinct.iter().map(|define| substitute(define, args, name.at)).collect();
        self.splice(name, &bodies, hidden, out)
    }

    /// Every name in the operand of `sizeof` and such must be one of file scope.
    fn check_visible(&self, tokens: &[Lexeme]) -> Result<(), NotConstant> {
        let mut after_member = false;
        for token in tokens {
            let name = &*token.text;
            let skip = after_member || !token.is_ident() || is_keyword(name.as_bytes());
            after_member = matches!(name, "." | "->" | "struct" | "union" | "enum" | ",");
            if !skip && !is_known_typedef(name) && !self.unit.is_file_scope(name) {
                let reason = NotConstantReason::Unknown(name.to_string());
                return Err(NotConstant { reason, at: token.at });
            }
        }
        Ok(())
    }
}

/// Tokens of a macro's body, placed where its name stands.
fn relocated(body: &[Lexeme], at: u32) -> Vec<Lexeme> {
    body.iter().map(|t| Lexeme { at, ..t.clone() }).collect()
}

/// The body with the arguments in place of the parameters (C11 6.10.3). The
/// arguments are expanded afterwards, with the body.
fn substitute(define: &Define, args: &[&[Lexeme]], at: u32) -> Vec<Lexeme> {
    let fixed = define.params.as_ref().map_or(0, Vec::len);
    let rest = args.get(fixed..).unwrap_or_default().join(&Lexeme::new(TokenKind::Punct, ",", at));
    let argument = |token: &Lexeme| -> Option<Vec<Lexeme>> {
        let index = define.param_index(&token.text).filter(|_| token.is_ident())?;
        Some(if index == fixed {
            rest.clone()
        } else {
            args.get(index).unwrap_or(&&[][..]).to_vec()
        })
    };
    let mut out: Vec<Lexeme> = Vec::new();
    let (mut pos, mut paste) = (0, false);
    while let Some(token) = define.body.get(pos) {
        pos += 1;
        if token.is("##") {
            paste = !out.is_empty();
            continue;
        }
        let next = define.body.get(pos).and_then(argument).filter(|_| token.is("#"));
        let mut new = match next {
            Some(_) => {
                pos += 1;
                vec![Lexeme::new(TokenKind::Str, "\"\"", at)]
            }
            None => argument(token).unwrap_or_else(|| vec![Lexeme { at, ..token.clone() }]),
        };
        if std::mem::take(&mut paste)
            && let (Some(last), false) = (out.pop(), new.is_empty())
        {
            let first = new.remove(0);
            out.extend(relocated(&lexemes(format!("{}{}", last.text, first.text).as_bytes()), at));
        }
        out.extend(new);
    }
    out
}
