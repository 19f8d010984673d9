//! Reads an expanded expression by precedence climbing.

use super::constant::{Constant, Evaluated, MAX_DEPTH, NotConstant, NotConstantReason};
use super::declarator::{is_type_keyword, type_text};
use super::expand::Atom;
use super::index::DefinitionKind;
use super::lexeme::Lexeme;
use super::literal;
use super::types::{CType, Integer, is_known_typedef};
use super::unit::Unit;
use crate::syntax::lexer::{TokenKind, is_keyword};

/// A parser over expanded tokens.
pub(super) struct Parser<'u, 'a> {
    pub(super) unit: &'u Unit,
    atoms: &'a [Atom],
    pos: usize,
    depth: u32,
}

/// Binding power of a binary operator; `||` binds least.
pub(super) fn precedence(operator: &str) -> Option<u8> {
    Some(match operator {
        "||" => 1,
        "&&" => 2,
        "|" => 3,
        "^" => 4,
        "&" => 5,
        "==" | "!=" => 6,
        "<" | ">" | "<=" | ">=" => 7,
        "<<" | ">>" => 8,
        "+" | "-" => 9,
        "*" | "/" | "%" => 10,
        _ => return None,
    })
}

impl<'u, 'a> Parser<'u, 'a> {
    pub fn new(unit: &'u Unit, atoms: &'a [Atom], depth: u32) -> Self {
        Parser { unit, atoms, pos: 0, depth }
    }

    /// Reads the whole of the tokens as one expression.
    pub fn whole(mut self) -> Evaluated {
        let value = self.ternary()?;
        if self.pos < self.atoms.len() { Err(self.syntax()) } else { Ok(value) }
    }

    fn text(&self, ahead: usize) -> &'a str {
        match self.atoms.get(self.pos + ahead) {
            Some(Atom::Token(token)) => &token.text,
            _ => "",
        }
    }

    pub(super) fn fail(&self, reason: NotConstantReason) -> NotConstant {
        let at = self.atoms.get(self.pos).or(self.atoms.last()).map_or(0, Atom::at);
        NotConstant { reason, at }
    }

    pub(super) fn syntax(&self) -> NotConstant {
        self.fail(NotConstantReason::Syntax(self.text(0).to_string()))
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.text(0) == text;
        self.pos += usize::from(found);
        found
    }

    fn expect(&mut self, text: &str) -> Result<(), NotConstant> {
        if self.eat(text) { Ok(()) } else { Err(self.syntax()) }
    }

    fn ternary(&mut self) -> Evaluated {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.fail(NotConstantReason::TooDeep));
        }
        let condition = self.binary(1)?;
        let result = if self.eat("?") {
            // GNU C's `a ?: b` is `a ? a : b`.
            let yes = if self.text(0) == ":" { condition.clone() } else { self.ternary()? };
            self.expect(":")?;
            let no = self.ternary()?;
            self.choose(condition.value, yes, no)?
        } else {
            condition
        };
        self.depth -= 1;
        Ok(result)
    }

    fn choose(&self, condition: Option<i128>, yes: Constant, no: Constant) -> Evaluated {
        let ctype = if yes.ctype == no.ctype && yes.ctype.width().is_none() {
            yes.ctype.clone()
        } else {
            self.common(&yes, &no)?
        };
        let chosen = match condition {
            Some(0) => no.value,
            Some(_) => yes.value,
            None => yes.value.filter(|_| yes.value == no.value),
        };
        let value = chosen.map(|v| ctype.width().map_or(v, |i| i.wrap(v)));
        Ok(Constant { ctype, value })
    }

    fn binary(&mut self, least: u8) -> Evaluated {
        let mut left = self.unary()?;
        while let Some(power) = precedence(self.text(0)).filter(|p| *p >= least) {
            let operator = self.text(0);
            self.pos += 1;
            let right = self.binary(power + 1)?;
            left = self.apply(operator, left, right)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Evaluated {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.fail(NotConstantReason::TooDeep));
        }
        let operator = self.text(0);
        let result = match operator {
            "+" | "-" | "~" | "!" => {
                self.pos += 1;
                let operand = self.unary()?;
                self.apply_unary(operator, operand)?
            }
            "(" if matches!(self.text(1), "typeof" | "__typeof__" | "__typeof") => {
                self.cast_to_typeof()?
            }
            "(" if self.type_at(1) => self.cast()?,
            "(" => {
                self.pos += 1;
                let inner = self.ternary()?;
                self.expect(")")?;
                inner
            }
            _ => self.primary()?,
        };
        self.depth -= 1;
        Ok(result)
    }

    /// Whether a type name begins `ahead` tokens on.
    fn type_at(&self, ahead: usize) -> bool {
        let word = self.text(ahead);
        is_type_keyword(word)
            || matches!(word, "struct" | "union" | "enum" | "const" | "volatile")
            || is_known_typedef(word)
            || (matches!(self.text(ahead + 1), ")" | "*") && self.is_typedef(word))
    }

    fn is_typedef(&self, word: &str) -> bool {
        let definitions = self.unit.lookup(word);
        definitions.iter().any(|d| matches!(d.kind, DefinitionKind::Typedef { .. }))
    }

    fn cast(&mut self) -> Evaluated {
        self.pos += 1;
        let mut name: Vec<Lexeme> = Vec::new();
        while !self.eat(")") {
            match self.atoms.get(self.pos) {
                Some(Atom::Token(token)) if token.is_ident() || token.is("*") => {
                    name.push(token.clone());
                }
                _ => return Err(self.syntax()),
            }
            self.pos += 1;
        }
        name.retain(|t| t.is("*") || !matches!(&*t.text, "const" | "volatile" | "__force"));
        let text = type_text(&name);
        let operand = self.unary()?;
        if let Some(to) = text.strip_suffix('*') {
            return Ok(Constant { ctype: CType::Pointer(to.trim_end().to_string()), value: None });
        }
        if text == "void" {
            return Err(self.syntax());
        }
        let ctype = CType::named(&text);
        let value = match (self.integer(&ctype), operand.value) {
            (Some(_), Some(value)) if matches!(text.as_str(), "bool" | "_Bool") => {
                Some(i128::from(value != 0))
            }
            (Some(to), Some(value)) => Some(to.wrap(value)),
            _ => None,
        };
        Ok(Constant { ctype, value })
    }

    /// `(typeof(a))b`
    fn cast_to_typeof(&mut self) -> Evaluated {
        self.pos += 2;
        self.expect("(")?;
        let ctype = self.ternary()?.ctype;
        self.expect(")")?;
        self.expect(")")?;
        let operand = self.unary()?;
        let value = self.integer(&ctype).zip(operand.value).map(|(to, value)| to.wrap(value));
        Ok(Constant { ctype, value })
    }

    fn primary(&mut self) -> Evaluated {
        let token = match self.atoms.get(self.pos) {
            Some(Atom::Value { constant, .. }) => {
                self.pos += 1;
                return Ok(constant.clone());
            }
            Some(Atom::Token(token)) => token,
            None => return Err(self.syntax()),
        };
        let number = || NotConstantReason::Number(token.text.to_string());
        let found = match token.kind {
            TokenKind::Number => literal::number(&token.text).ok_or_else(|| self.fail(number()))?,
            TokenKind::Char => {
                literal::character(&token.text).ok_or_else(|| self.fail(number()))?
            }
            TokenKind::Str => {
                while matches!(self.atoms.get(self.pos + 1), Some(Atom::Token(t)) if t.kind == TokenKind::Str)
                {
                    self.pos += 1;
                }
                Constant { ctype: CType::CharPtr, value: None }
            }
            TokenKind::Ident => return Err(self.fail(self.why(&token.text))),
            _ => return Err(self.syntax()),
        };
        self.pos += 1;
        Ok(found)
    }

    /// What a name is that is left over after expansion.
    fn why(&self, name: &str) -> NotConstantReason {
        let name = name.to_string();
        if is_keyword(name.as_bytes()) || is_type_keyword(&name) {
            return NotConstantReason::Syntax(name);
        }
        for definition in self.unit.lookup(&name) {
            match definition.kind {
                DefinitionKind::Function(_) => return NotConstantReason::Function(name),
                DefinitionKind::Variable { .. } | DefinitionKind::MacroArgument { .. } => {
                    return NotConstantReason::Variable(name);
                }
                DefinitionKind::Typedef { .. } => return NotConstantReason::Syntax(name),
                _ => {}
            }
        }
        if self.text(1) == "(" {
            return NotConstantReason::Function(name);
        }
        NotConstantReason::Unknown(name)
    }

    /// Width and signedness, typedefs of the unit resolved.
    pub(super) fn integer(&self, ctype: &CType) -> Option<Integer> {
        ctype.width().or_else(|| match ctype {
            CType::Named(name) => self.unit.integer_typedef(name),
            _ => None,
        })
    }
}
