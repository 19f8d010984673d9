//! Names that the evaluator knows by itself.
//!
//! They are macros of the kernel's own headers whose definitions need more than
//! an expression reader has: builtins, compile-time checks, two definitions for C
//! and assembler; and names that only a configured tree defines. A driver's own
//! macro of the same name takes precedence: see `Expander::call`.

use super::constant::{Constant, Evaluated, NotConstant};
use super::expand::Atom;
use super::lexeme::Lexeme;
use super::literal;
use super::types::CType;
use crate::syntax::lexer::TokenKind;

/// `true`, `false` and `NULL` (`include/linux/stddef.h`), `THIS_MODULE`.
pub(super) fn keyword(name: &str) -> Option<Constant> {
    Some(match name {
        "true" => Constant { ctype: CType::Int, value: Some(1) },
        "false" => Constant { ctype: CType::Int, value: Some(0) },
        "NULL" => Constant { ctype: CType::Pointer("void".to_string()), value: Some(0) },
        // include/linux/export.h: the module at hand, or a null pointer.
        "THIS_MODULE" => {
            Constant { ctype: CType::Pointer("struct module".to_string()), value: None }
        }
        _ => return None,
    })
}

/// What a name is that the build defines and no file of the tree does.
pub(super) fn generated(name: &Lexeme) -> Option<Atom> {
    let int = Constant { ctype: CType::Int, value: None };
    match &*name.text {
        // -DKBUILD_MODNAME and friends of scripts/Makefile.lib.
        "KBUILD_MODNAME" | "KBUILD_BASENAME" | "KBUILD_MODFILE" | "UTS_RELEASE" | "UTS_VERSION"
        | "UTS_MACHINE" => Some(Atom::Token(Lexeme { kind: TokenKind::Str, ..name.clone() })),
        // Whole numbers of Kconfig that its ranges keep far below 2^31.
        "CONFIG_HZ"
        | "CONFIG_NR_CPUS"
        | "CONFIG_PGTABLE_LEVELS"
        | "CONFIG_NODES_SHIFT"
        | "CONFIG_X86_L1_CACHE_SHIFT"
        | "CONFIG_LOG_BUF_SHIFT"
        | "LINUX_VERSION_CODE" => Some(Atom::Value { constant: int, at: name.at }),
        _ => None,
    }
}

/// What a call of one of the kernel's own macros is; `None` for any other.
/// `evaluate` gives an argument's constant; `visible` refuses an operand with
/// names that are not of file scope.
pub(super) fn call(
    name: &Lexeme,
    args: &[&[Lexeme]],
    evaluate: &dyn Fn(&[Lexeme]) -> Evaluated,
    visible: &dyn Fn(&[Lexeme]) -> Result<(), NotConstant>,
) -> Option<Evaluated> {
    let typed = |ctype: CType| move |_: Constant| Constant { ctype: ctype.clone(), value: None };
    let endian = |text: &str| CType::Named(text.to_string());
    Some(match (&*name.text, args) {
        // X##Y, so that the suffix gives the type (include/uapi/linux/const.h).
        ("_AC" | "__AC", [number, suffix]) => pasted(number, &suffix.first()?.text)?,
        ("UL" | "_UL", [number]) => pasted(number, "UL")?,
        ("ULL" | "_ULL", [number]) => pasted(number, "ULL")?,
        // (type)x, or x alone in assembler.
        ("BIT" | "_BITUL" | "BIT_MASK", [bit]) => bits(CType::ULong, bit, bit, evaluate),
        ("BIT_ULL" | "_BITULL", [bit]) => bits(CType::ULongLong, bit, bit, evaluate),
        // Their checks of the arguments' order are no part of the type.
        ("GENMASK" | "__GENMASK", [high, low]) => bits(CType::ULong, high, low, evaluate),
        ("GENMASK_ULL" | "__GENMASK_ULL", [high, low]) => {
            bits(CType::ULongLong, high, low, evaluate)
        }
        // sizeof(t), checked by an array bound.
        ("_IOC_TYPECHECK", [operand]) => {
            visible(operand).map(|()| Constant { ctype: CType::ULong, value: None })
        }
        ("BUILD_BUG_ON_ZERO", [_]) => Ok(Constant { ctype: CType::Int, value: Some(0) }),
        ("ARRAY_SIZE", [array]) => {
            visible(array).map(|()| Constant { ctype: CType::ULong, value: None })
        }
        ("offsetof" | "offsetofend", [ctype, _]) | ("sizeof_field", [ctype, _]) => {
            visible(ctype).map(|()| Constant { ctype: CType::ULong, value: None })
        }
        ("IS_ENABLED" | "IS_BUILTIN" | "IS_MODULE" | "IS_REACHABLE", [_]) => {
            Ok(Constant { ctype: CType::Int, value: None })
        }
        ("__stringify" | "__stringify_1", _) => Ok(Constant { ctype: CType::CharPtr, value: None }),
        ("cpu_to_le16" | "__cpu_to_le16" | "__constant_cpu_to_le16", [x]) => {
            evaluate(x).map(typed(endian("__le16")))
        }
        ("cpu_to_le32" | "__cpu_to_le32" | "__constant_cpu_to_le32", [x]) => {
            evaluate(x).map(typed(endian("__le32")))
        }
        ("cpu_to_le64" | "__cpu_to_le64" | "__constant_cpu_to_le64", [x]) => {
            evaluate(x).map(typed(endian("__le64")))
        }
        ("cpu_to_be16" | "__cpu_to_be16" | "__constant_cpu_to_be16" | "htons", [x]) => {
            evaluate(x).map(typed(endian("__be16")))
        }
        ("cpu_to_be32" | "__cpu_to_be32" | "__constant_cpu_to_be32" | "htonl", [x]) => {
            evaluate(x).map(typed(endian("__be32")))
        }
        ("cpu_to_be64" | "__cpu_to_be64" | "__constant_cpu_to_be64", [x]) => {
            evaluate(x).map(typed(endian("__be64")))
        }
        _ => return None,
    })
}

/// A lone number with a suffix put to it.
fn pasted(number: &[Lexeme], suffix: &str) -> Option<Evaluated> {
    let [only] = number else { return None };
    literal::number(&format!("{}{suffix}", only.text)).map(Ok)
}

/// The bits `low` to `high` of an unsigned type of 64 bits.
fn bits(
    ctype: CType,
    high: &[Lexeme],
    low: &[Lexeme],
    evaluate: &dyn Fn(&[Lexeme]) -> Evaluated,
) -> Evaluated {
    let (high, low) = (evaluate(high)?.value, evaluate(low)?.value);
    let mask = |(high, low): (i128, i128)| {
        let valid = (0..64).contains(&low) && (low..64).contains(&high);
        valid.then(|| (1i128 << (high + 1)) - (1i128 << low))
    };
    Ok(Constant { ctype, value: high.zip(low).and_then(mask) })
}

/// Whether a name is the compiler's or the build's, and so stands in no file.
pub(super) fn is_compilers(name: &str) -> bool {
    name.starts_with("__builtin_")
        || matches!(
            name,
            "__func__"
                | "__FUNCTION__"
                | "__PRETTY_FUNCTION__"
                | "__LINE__"
                | "__FILE__"
                | "__COUNTER__"
                | "__VA_ARGS__"
                | "__VA_OPT__"
                | "defined"
                | "__BASE_FILE__"
                | "bool"
                | "_Bool"
                | "asm"
                | "__asm__"
                | "__attribute__"
                | "typeof"
                | "__typeof__"
                | "__volatile__"
                | "__alignof__"
                | "_Alignof"
                | "__auto_type"
                | "__label__"
                | "__extension__"
                | "_Static_assert"
                | "_Pragma"
                | "_Generic"
                | "KBUILD_MODNAME"
                | "KBUILD_BASENAME"
                | "KBUILD_MODFILE"
                | "UTS_RELEASE"
        )
        || name.starts_with("CONFIG_")
}
