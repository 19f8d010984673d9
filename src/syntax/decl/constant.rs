//! The C type and value of a constant expression: `unit.constant`.

use super::expand::Expander;
use super::lexeme::lexemes;
use super::types::CType;
use super::unit::Unit;
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

#[cfg(test)]
#[path = "constant_tests.rs"]
mod tests;
