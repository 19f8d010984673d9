//! What the C text says. In: the bytes of a file. Out: [`Token`]s,
//! [`Function`]s, one function's [`FunctionTree`], and what a name means. It
//! never changes a byte, never walks the tree, and never lets a tree-sitter type
//! out.

pub mod census;
pub mod decl;
mod exports;
mod globals;
pub mod lexer;
mod locals;
pub mod mask;
pub mod parse;
pub mod split;

pub use exports::exports;
pub use globals::{Globals, global_functions};
pub use lexer::{Lexer, Token, TokenKind};
pub use mask::LoopMacros;
pub use parse::{FunctionTree, NodeId, ParseGap};
pub use split::{Function, Outline, line_at};
