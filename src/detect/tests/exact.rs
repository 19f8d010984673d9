//! Functions that are the same token by token, but for names and constants.

use super::*;

#[test]
fn functions_that_differ_in_their_own_name_only_are_identical() {
    check(
        "int f(int x) { return x ? f(x - 1) : 0; }\nint g(int x) /* c */\n{ return x ? g(x - 1) : 0; }",
        &["Identical Driver: f g"],
    );
}

#[test]
fn constants_that_differ_are_holes_of_their_kind() {
    check(
        "void f(int x) { a(x, 1, REG_A, \"s\"); }\nvoid g(int x) { a(x, 2, REG_B, \"t\"); }",
        &[
            "ConstantOnly Driver: f g",
            "  Integer: 1 2 @[11]",
            "  Constant: REG_A REG_B @[13]",
            "  String: \"s\" \"t\" @[15]",
        ],
    );
}

#[test]
fn a_number_in_one_member_and_a_macro_in_the_other_is_a_constant() {
    check(
        "void f(int x) { a(x, 'c'); }\nvoid g(int x) { a(x, REG); }",
        &["ConstantOnly Driver: f g", "  Constant: 'c' REG @[11]"],
    );
}

#[test]
fn places_whose_values_move_together_are_one_hole() {
    check(
        "void f(int x) { a(x, A0, A0, B0); }\nvoid g(int x) { a(x, A1, A1, A1); }",
        &["ConstantOnly Driver: f g", "  Constant: A0 A1 @[11, 13]", "  Constant: B0 A1 @[15]"],
    );
}

#[test]
fn renamed_locals_parameters_and_labels_are_no_holes() {
    check(
        "int f(int x) { int y = a(x); if (b(y)) goto out; c(); d(); out: return y; }
         int g(int p) { int q = a(p); if (b(q)) goto end; c(); d(); end: return q; }",
        &["Renamed Driver: f g"],
    );
}

#[test]
fn an_inconsistent_renaming_is_no_clone() {
    check(
        "int f(int x, int y) { return a(x) + b(y); }\nint g(int x, int y) { return a(y) + b(x); }",
        &[],
    );
    check(
        "int f(int x, int y) { return a(x) + b(x); }\nint g(int x, int y) { return a(x) + b(y); }",
        &[],
    );
}

#[test]
fn names_of_file_scope_that_differ_are_holes_of_their_kind() {
    check(
        "int f(struct foo *x) { return use(k(x->a, one), x->b, y(), z(), 0); }
         int g(struct bar *x) { return use(k(x->c, two), x->b, y(), w(), 0); }",
        &[
            "Renamed Driver: f g",
            "  Type: foo bar @[4]",
            "  Field: a c @[16]",
            "  Global: one two @[18]",
            "  Callee: z w @[29]",
        ],
    );
}

#[test]
fn a_callee_that_is_also_passed_is_one_hole() {
    check(
        "void f(void) { a(z); b(); c(); z(); }\nvoid g(void) { a(w); b(); c(); w(); }",
        &["Renamed Driver: f g", "  Callee: z w @[8, 19]"],
    );
}

#[test]
fn a_field_and_a_variable_of_one_name_are_two_holes() {
    check(
        "int f(struct s *p) { return a(b, c, d, p->q, q); }
         int g(struct s *p) { return a(b, c, d, p->r, r); }",
        &["Renamed Driver: f g", "  Field: q r @[20]", "  Global: q r @[22]"],
    );
}

#[test]
fn types_in_capitals_make_a_group_renamed() {
    check(
        "int f(void) { THIS *p = a(); return b(p); }\nint g(void) { THAT *p = a(); return b(p); }",
        &["Renamed Driver: f g", "  Type: THIS THAT @[6]"],
    );
}

#[test]
fn locals_in_capitals_are_no_holes_when_renamed_consistently() {
    check(
        "int f(int AA, int BB) { return a(AA) + BB; }\nint g(int CC, int DD) { return a(CC) + DD; }",
        &["Renamed Driver: f g"],
    );
}

#[test]
fn locals_in_capitals_that_are_exchanged_are_holes() {
    check(
        "int f(int AA, int BB) { return a(AA) + BB; }\nint g(int AA, int BB) { return a(BB) + AA; }",
        &["Renamed Driver: f g", "  Expression: AA BB @[13]", "  Expression: BB AA @[16]"],
    );
}

#[test]
fn directives_are_compared_by_their_text() {
    let function = |name: &str, option: &str| {
        format!("int {name}(void)\n{{\n#ifdef {option}\n\ta();\n#endif\n\treturn 0;\n}}\n")
    };
    check(&(function("f", "X") + &function("g", "X")), &["Identical Driver: f g"]);
    check(&(function("f", "X") + &function("g", "Y")), &[]);
}

#[test]
fn primitive_types_are_no_names() {
    check("u8 f(void) { return a(b, c); }\nu16 g(void) { return a(b, c); }", &[]);
}

#[test]
fn the_strictest_groups_come_first() {
    check(
        "int f(int x) { return a(x->p, q(1), r()); }
         int g(int x) { return a(x->p, q(2), r()); }
         int h(int y) { return b(y->p, q(3), r()); }
         int i(int y) { return b(y->p, q(4), r()); }",
        &[
            "ConstantOnly Driver: f g",
            "  Integer: 1 2 @[16]",
            "ConstantOnly Driver: h i",
            "  Integer: 3 4 @[16]",
        ],
    );
}

const JOINABLE: &str =
    "int f(int x) { return a(x->p, q(), r()); }\nint g(int x) { return a(x->p, q(), r()); }";
const JOINING: &str = "int h(int x) { return b(x->p, q(), r()); }";

#[test]
fn a_lone_renamed_function_joins_a_group_of_its_driver() {
    check(&format!("{JOINABLE}\n{JOINING}"), &["Renamed Driver: f g h", "  Callee: a a b @[8]"]);
}

#[test]
fn a_lone_renamed_function_does_not_widen_a_group() {
    let scan = scan_of(&[(FILE, JOINABLE), ("drivers/net/two/b.c", JOINING)]);
    assert_eq!(report(&scan), ["Identical Driver: f g"]);
}

#[test]
fn functions_of_one_shape_that_share_few_names_are_no_clones() {
    let other = "int g(struct m *n) { return u(v(n->w), t); }";
    let scan = scan_of(&[
        (FILE, "int f(struct s *p) { return a(b(p->c), d); }"),
        ("drivers/rtc/two/b.c", other),
    ]);
    assert_eq!(report(&scan), [""; 0]);
}
