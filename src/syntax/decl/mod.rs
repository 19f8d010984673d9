//! What a name means. In: the bytes of files, through a [`Reader`], and the
//! include folders of a `.c` file. Out: a [`Unit`], which answers what the names
//! visible in that translation unit stand for: the [`Definition`]s, the C type
//! and value of a constant expression, the signature of a function, and what a
//! macro does with its parameters.
//!
//! It works on tokens only (no grammar), takes every branch of every `#if`, and
//! never guesses: where several definitions disagree, or a name is not to be
//! found, the answer says so. It never reads a byte that its reader does not give
//! it, and never writes.
//!
//! ```text
//! lexeme      tokens that own their text
//! directive   #define, #include and the stack of #if
//! declarator  types, names and parameters of a declaration
//! scan        one file -> its entries        index   FileIndex, Definition
//! universe    files, include paths, closures unit    Unit::lookup, ::function
//! fields      Unit::layout, the members of a struct
//! types       CType and the conversions      literal numbers and characters
//! expand      macros in a constant           constant, enums: Unit::constant
//! body        what one macro body says       macros  Unit::macro_facts
//! meaning     names in two units             Meanings::agree
//! references  what a text names            References::add_text
//! including   one more header              changed_by, unknown_in
//! ```

mod arithmetic;
mod body;
mod constant;
mod declarator;
mod directive;
mod enums;
mod expand;
mod facts;
mod fields;
mod handed;
mod including;
mod index;
mod lexeme;
mod literal;
mod macros;
mod meaning;
mod native;
mod parser;
mod references;
mod scan;
mod spelled;
#[cfg(test)]
mod testing;
mod types;
mod unit;
mod universe;

pub use constant::{Constant, NotConstant, NotConstantReason};
pub use declarator::Param;
pub use directive::{Define, Include};
pub use facts::{Fact, MacroFacts, ParamFacts};
pub use fields::{Field, Layout, NoField, declared_type};
pub use including::{Told, changed_by, unknown_in};
pub use index::{Definition, DefinitionKind, FunctionDeclaration, TagKind};
pub use lexeme::Lexeme;
pub use meaning::{Apart, ApartKind, Meanings};
pub use references::References;
pub use types::{CType, Integer, has_value, integer, is_cut, usual_arithmetic};
pub use unit::{FunctionSig, NoSignature, Unit};
pub use universe::{Reader, Universe};
