use super::super::testing::unit;
use super::*;

const BITS: (&str, &str) = (
    "include/linux/bits.h",
    "#ifdef __ASSEMBLY__\n#define _AC(X,Y) X\n#else\n#define __AC(X,Y) (X##Y)\n\
     #define _AC(X,Y) __AC(X,Y)\n#endif\n#define UL(x) (_AC(x, UL))\n\
     #define BIT(n) (UL(1) << (n))\n#define GENMASK(h, l) (CHECK(h, l) + 1)\n",
);

fn check_in(source: &str, text: &str, ctype: CType, value: Option<i128>) {
    let source = format!("#include <linux/bits.h>\n{source}\n");
    let unit = unit(&[("a.c", source.as_str()), BITS]);
    assert_eq!(unit.constant(text), Ok(Constant { ctype, value }), "{text}");
}

fn check(text: &str, ctype: CType, value: i128) {
    check_in("", text, ctype, Some(value));
}

fn refused(source: &str, text: &str) -> NotConstantReason {
    let source = format!("#include <linux/bits.h>\n{source}\n");
    let unit = unit(&[("a.c", source.as_str()), BITS]);
    unit.constant(text).unwrap_err().reason
}

#[test]
fn operators_follow_the_usual_conversions() {
    check("1 + 2 * 3", CType::Int, 7);
    check("1 << 31", CType::Int, -(1 << 31));
    check("1u << 31", CType::UInt, 1 << 31);
    check("~0", CType::Int, -1);
    check("~0UL", CType::ULong, u64::MAX as i128);
    check("0x80000000 | 1", CType::UInt, (1 << 31) + 1);
    check("1 ? 2 : 3ULL", CType::ULongLong, 2);
    check("-1 < 0u", CType::Int, 0);
    check("'a' + 1", CType::Int, 98);
    check("!5", CType::Int, 0);
    check_in("", "2147483647 + 1", CType::Int, None);
    check_in("", "1 / 0", CType::Int, None);
}

#[test]
fn casts_name_the_type_and_narrow_ones_promote() {
    check("((7ULL) + ((typeof(7ULL))(4) - 1))", CType::ULongLong, 10);
    check("(u8)0x1ff", CType::Named("u8".into()), 255);
    check("(u8)1 + (u8)2", CType::Int, 3);
    check("(unsigned int)1", CType::UInt, 1);
    check("(s64)1 + 1", CType::LongLong, 2);
    check("(u32)-1", CType::Named("u32".into()), u32::MAX as i128);
    check("(u32)1 | 2", CType::UInt, 3);
    check_in("", "(void *)8", CType::Pointer("void".into()), None);
    check_in("typedef u16 reg_t;", "(reg_t)1 + 1", CType::Int, Some(2));
    check_in("typedef u32 __bitwise f_t;", "(f_t)1 | (f_t)2", CType::Named("f_t".into()), Some(3));
}

#[test]
fn sizes_are_unsigned_long_when_their_operand_is_visible() {
    check_in("struct s { int a; };", "sizeof(struct s)", CType::ULong, None);
    check_in("int v[3];", "sizeof(v) / 4", CType::ULong, None);
    assert_eq!(refused("", "sizeof(local)"), NotConstantReason::Unknown("local".into()));
}

#[test]
fn object_macros_are_spliced_as_the_preprocessor_does() {
    check_in("#define A 1 + 2\n#define B A", "B * 3", CType::Int, Some(7));
    check_in("#define A (1 + 2)", "A * 3", CType::Int, Some(9));
    check_in("#define S \"x\"", "S \"y\"", CType::CharPtr, None);
    check_in("#define N NULL", "N", CType::Pointer("void".into()), Some(0));
}

#[test]
fn function_like_macros_take_their_arguments() {
    check_in("#define REG(n) (0x10 + (n) * 4)", "REG(2)", CType::Int, Some(24));
    check_in("#define CAT(a, b) a##b", "CAT(1, UL)", CType::ULong, Some(1));
    check_in("#define FLD(n) REG_##n\n#define REG_A 7", "FLD(A)", CType::Int, Some(7));
}

#[test]
fn the_kernels_own_bit_macros_are_unsigned_long() {
    check("BIT(3)", CType::ULong, 8);
    check("GENMASK(7, 4)", CType::ULong, 0xf0);
    check("UL(5)", CType::ULong, 5);
    check_in("#define N 5", "BIT(N)", CType::ULong, Some(32));
}

#[test]
fn a_drivers_own_bit_macro_takes_precedence() {
    let unit = unit(&[("a.c", "#define BIT(n) (1 << (n))\n")]);
    assert_eq!(unit.constant("BIT(3)"), Ok(Constant { ctype: CType::Int, value: Some(8) }));
    assert!(unit.constant("GENMASK(1, 0)").is_err());
}

#[test]
fn enumerators_are_int_with_their_value() {
    let source = "enum e { A, B = 5, C, D = C << 1, E };";
    for (name, value) in [("A", 0), ("B", 5), ("C", 6), ("D", 12), ("E", 13)] {
        check_in(source, name, CType::Int, Some(value));
    }
    check_in("#define FIRST 3\nenum { X = FIRST, Y };", "Y + 1", CType::Int, Some(5));
    check_in("enum { P,\n#define P P\nQ };", "P", CType::Int, Some(0));
}

#[test]
fn enumerators_behind_a_condition_have_no_certain_value() {
    let source = "enum {\n A,\n#ifdef CONFIG_X\n B,\n#endif\n C,\n D = 9, E };";
    check_in(source, "A", CType::Int, Some(0));
    check_in(source, "C", CType::Int, None);
    check_in(source, "E", CType::Int, Some(10));
}

#[test]
fn enums_with_wide_values_are_refused_as_a_whole() {
    let wide = |text| refused("enum { A, B = 0x80000000 };", text);
    assert_eq!(wide("A"), NotConstantReason::WideEnum("A".into()));
    assert_eq!(refused("enum { A = sizeof(int) };", "A"), NotConstantReason::WideEnum("A".into()));
}

#[test]
fn several_definitions_must_have_one_type() {
    let two = |a: &str, b: &str| format!("#ifdef X\n#define V {a}\n#else\n#define V {b}\n#endif");
    check_in(&two("1", "2"), "V + 1", CType::Int, None);
    check_in(&two("3", "(3)"), "V", CType::Int, Some(3));
    assert_eq!(refused(&two("1", "2UL"), "V"), NotConstantReason::Ambiguous("V".into()));
}

#[test]
fn what_is_no_constant_is_named() {
    assert_eq!(refused("int v;\n#define M (v + 1)", "M"), NotConstantReason::Variable("v".into()));
    assert_eq!(refused("int f(int a);", "f(1)"), NotConstantReason::Function("f".into()));
    assert_eq!(refused("", "nowhere"), NotConstantReason::Unknown("nowhere".into()));
    assert_eq!(refused("", "1.5"), NotConstantReason::Number("1.5".into()));
    assert!(matches!(refused("", "({ 1; })"), NotConstantReason::Syntax(_)));
    assert!(matches!(refused("", "1 +"), NotConstantReason::Syntax(_)));
    assert!(matches!(refused("", ""), NotConstantReason::Syntax(_)));
    let unknown = NotConstantReason::Arithmetic("odd_t".into());
    assert_eq!(refused("typedef struct s odd_t;", "(odd_t)1 + 1"), unknown);
}

#[test]
fn macros_that_name_each_other_end() {
    let cycle = "#define A B\n#define B A";
    assert_eq!(refused(cycle, "A"), NotConstantReason::Unknown("A".into()));
    assert_eq!(
        refused("enum { A = B };\nenum { B = A };", "A"),
        NotConstantReason::WideEnum("A".into())
    );
    let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(refused("", &deep), NotConstantReason::TooDeep);
}

#[test]
fn macro_bombs_are_cut_off() {
    let mut source = "#define M0 1 + 1\n".to_string();
    for i in 1..40 {
        source += &format!("#define M{i} M{0} + M{0}\n", i - 1);
    }
    assert_eq!(refused(&source, "M39"), NotConstantReason::TooDeep);
}
