//! The C type and value of a constant expression: `unit.constant`.

use super::declarator::{is_type_keyword, type_text};
use super::expand::{Atom, Expander};
use super::index::DefinitionKind;
use super::lexeme::{Lexeme, lexemes};
use super::literal;
use super::types::{CType, Integer, is_known_typedef, usual_arithmetic};
use super::unit::Unit;
use crate::syntax::lexer::TokenKind;
use std::sync::PoisonError;

/// A constant expression's type, and its value where it can be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    /// Its type by gcc's rules for LP64.
    pub ctype: CType,
    /// Its value; `None` where it depends on the configuration, on a layout, or
    /// on which of several definitions is in force.
    pub value: Option<i128>,
}

/// Why an expression is no constant whose type is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NotConstant {
    /// What stands in the way.
    pub reason: NotConstantReason,
    /// Byte offset in the expression at which it was met; inside a macro, of the
    /// macro's name.
    pub at: u32,
}

/// See [`NotConstant`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotConstantReason {
    /// Nothing visible has this name.
    #[error("`{0}` is defined nowhere in the translation unit")]
    Unknown(String),
    /// It mentions a variable.
    #[error("`{0}` is a variable")]
    Variable(String),
    /// It mentions or calls a function.
    #[error("`{0}` is a function")]
    Function(String),
    /// Visible definitions of this name give different types.
    #[error("`{0}` has definitions of different types")]
    Ambiguous(String),
    /// An enum whose values cannot be shown to fit `int`.
    #[error("not every value of the enum of `{0}` is known to fit int")]
    WideEnum(String),
    /// Arithmetic on a type whose promotion is not known.
    #[error("the type of an operation on `{0}` is not known")]
    Arithmetic(String),
    /// A floating constant or a malformed number.
    #[error("`{0}` is no integer constant")]
    Number(String),
    /// No expression that this evaluator reads.
    #[error("no constant expression at `{0}`")]
    Syntax(String),
    /// Nested or expanded beyond what is reasonable.
    #[error("the expression is nested too deeply")]
    TooDeep,
}

pub(super) type Evaluated = Result<Constant, NotConstant>;

/// Parentheses, operators and macros may nest this deep.
pub(super) const MAX_DEPTH: u32 = 120;

impl Unit {
    /// The type and value of the expression `text`, in which every name has the
    /// meaning of file scope.
    pub fn constant(&self, text: &str) -> Evaluated {
        let poisoned = PoisonError::into_inner;
        if let Some(known) = self.constants.lock().unwrap_or_else(poisoned).get(text) {
            return known.clone();
        }
        let result = Expander::new(self).evaluate(&lexemes(text.as_bytes()));
        let mut memo = self.constants.lock().unwrap_or_else(poisoned);
        memo.insert(text.to_string(), result.clone());
        result
    }
}

/// A parser over expanded tokens.
pub(super) struct Parser<'u, 'a> {
    unit: &'u Unit,
    atoms: &'a [Atom],
    pos: usize,
    depth: u32,
}

/// Binding power of a binary operator; `||` binds least.
fn precedence(operator: &str) -> Option<u8> {
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

    fn fail(&self, reason: NotConstantReason) -> NotConstant {
        let at = self.atoms.get(self.pos).or(self.atoms.last()).map_or(0, Atom::at);
        NotConstant { reason, at }
    }

    fn syntax(&self) -> NotConstant {
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
        let ctype = if yes.ctype == no.ctype && yes.ctype.integer().is_none() {
            yes.ctype.clone()
        } else {
            self.common(&yes, &no)?
        };
        let chosen = match condition {
            Some(0) => no.value,
            Some(_) => yes.value,
            None => yes.value.filter(|_| yes.value == no.value),
        };
        let value = chosen.map(|v| ctype.integer().map_or(v, |i| i.wrap(v)));
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
    fn integer(&self, ctype: &CType) -> Option<Integer> {
        ctype.integer().or_else(|| match ctype {
            CType::Named(name) => self.unit.integer_typedef(name),
            _ => None,
        })
    }

    fn operand(&self, constant: &Constant) -> Result<Integer, NotConstant> {
        let unknown = || self.fail(NotConstantReason::Arithmetic(constant.ctype.to_c()));
        let found = self.integer(&constant.ctype).ok_or_else(unknown)?;
        found.promoted().integer().ok_or_else(unknown)
    }

    fn common(&self, left: &Constant, right: &Constant) -> Result<CType, NotConstant> {
        Ok(usual_arithmetic(self.operand(left)?, self.operand(right)?))
    }

    fn apply_unary(&self, operator: &str, operand: Constant) -> Evaluated {
        if operator == "!" {
            let value = operand.value.map(|v| i128::from(v == 0));
            return Ok(Constant { ctype: CType::Int, value });
        }
        let integer = self.operand(&operand)?;
        let value = operand.value.map(|v| match operator {
            "-" => integer.wrap(-v),
            "~" => integer.wrap(!v),
            _ => v,
        });
        let wide = operator == "~" && self.is_flag_type(&operand.ctype);
        let ctype = if wide { operand.ctype } else { integer.promoted() };
        Ok(Constant { ctype, value })
    }

    /// A typedef made with `__bitwise`, of `int`'s width or more: flags such as
    /// `gfp_t`, which stay what they are under bitwise operators.
    fn is_flag_type(&self, ctype: &CType) -> bool {
        let CType::Named(name) = ctype else { return false };
        self.integer(ctype).is_some_and(|i| i.bits >= 32) && self.unit.is_bitwise(name)
    }

    fn apply(&self, operator: &str, left: Constant, right: Constant) -> Evaluated {
        let values = left.value.zip(right.value);
        match operator {
            "&&" | "||" => {
                let both = |(a, b): (i128, i128)| {
                    i128::from(if operator == "&&" { a != 0 && b != 0 } else { a != 0 || b != 0 })
                };
                return Ok(Constant { ctype: CType::Int, value: values.map(both) });
            }
            "<<" | ">>" => {
                let integer = self.operand(&left)?;
                self.operand(&right)?;
                let shift = |(a, b): (i128, i128)| {
                    let by = u32::try_from(b).ok().filter(|by| *by < integer.bits)?;
                    Some(integer.wrap(if operator == "<<" { a << by } else { a >> by }))
                };
                return Ok(Constant { ctype: integer.promoted(), value: values.and_then(shift) });
            }
            "|" | "&" | "^" if left.ctype == right.ctype && self.is_flag_type(&left.ctype) => {
                let value = values.and_then(|(a, b)| arithmetic(operator, a, b));
                return Ok(Constant { ctype: left.ctype, value });
            }
            _ => {}
        }
        let common = self.common(&left, &right)?;
        let Some(integer) = common.integer() else { return Err(self.syntax()) };
        let converted = values.map(|(a, b)| (integer.wrap(a), integer.wrap(b)));
        if precedence(operator).is_some_and(|p| p == 6 || p == 7) {
            let value = converted.map(|(a, b)| i128::from(compare(operator, a, b)));
            return Ok(Constant { ctype: CType::Int, value });
        }
        // Signed overflow has no value.
        let value = converted
            .and_then(|(a, b)| arithmetic(operator, a, b))
            .filter(|v| !integer.signed || integer.holds(*v))
            .map(|v| integer.wrap(v));
        Ok(Constant { ctype: common, value })
    }
}

fn compare(operator: &str, a: i128, b: i128) -> bool {
    match operator {
        "==" => a == b,
        "!=" => a != b,
        "<" => a < b,
        ">" => a > b,
        "<=" => a <= b,
        _ => a >= b,
    }
}

fn arithmetic(operator: &str, a: i128, b: i128) -> Option<i128> {
    match operator {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        "/" => a.checked_div(b),
        "%" => a.checked_rem(b),
        "&" => Some(a & b),
        "|" => Some(a | b),
        "^" => Some(a ^ b),
        _ => None,
    }
}

#[cfg(test)]
#[path = "constant_tests.rs"]
mod tests;
