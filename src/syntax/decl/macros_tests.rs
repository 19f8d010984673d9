use super::super::testing::unit;
use super::*;

fn facts(source: &str, name: &str) -> Arc<MacroFacts> {
    unit(&[("drivers/a.c", source)]).macro_facts(name).unwrap()
}

fn param(source: &str, name: &str, number: usize) -> ParamFacts {
    facts(source, name).params[number].clone()
}

#[test]
fn facts_come_through_nested_macros_with_their_chain() {
    let source = "#define IN(r) REG_##r\n#define MID(x) IN(x)\n#define OUT(a, b) f(MID(b), a)\n";
    let found = facts(source, "OUT");
    assert_eq!(found.params[1].pasted.as_ref().unwrap().via, ["OUT", "MID", "IN"]);
    assert_eq!(found.params[0].pasted, None);
}

#[test]
fn facts_of_all_definitions_count() {
    let source = "#ifdef X\n#define P(a) #a\n#else\n#define P(a) (a)\n#endif\n";
    assert!(param(source, "P", 0).stringified.is_some());
    assert!(param(source, "P", 0).value_used.is_some());
}

#[test]
fn compile_time_checks_need_a_constant_and_guards_lift_it() {
    let needs = |source| param(source, "P", 0).needs_constant.is_some();
    assert!(needs("#define P(a) ({ BUILD_BUG_ON((a) > 3); f(a); })\n"));
    assert!(needs(
        "#define Q(m) BUILD_BUG_ON_MSG(!__builtin_constant_p(m), \"x\")\n#define P(a) Q(a)\n"
    ));
    assert!(!needs("#define P(v) BUILD_BUG_ON_MSG(__builtin_constant_p(v) ? v : 0, \"x\")\n"));
    assert!(!needs("#define P(v) __builtin_choose_expr(sizeof(v) == 1, f(v), g(v))\n"));
    assert!(needs("#define P(v) __builtin_choose_expr((v) == 1, f(v), g(v))\n"));
    assert!(!needs(
        "#define IS(v) (sizeof(v) == 1)\n#define P(v) __builtin_choose_expr(IS(v), v, 0)\n"
    ));
    assert!(!needs(
        "#define statically_true(x) (__builtin_constant_p(x) && (x))\n#define P(v) BUILD_BUG_ON_MSG(statically_true((v) > 3), \"low \" #v \" high\")\n"
    ));
    let message = param("#define P(v) BUILD_BUG_ON_MSG(0, \"low \" #v \" high\")\n", "P", 0);
    assert_eq!((message.stringified, message.joined_to_string), (None, None));
    assert!(needs("#define P(v) asm volatile(\"out\" : : \"i\" (v))\n"));
    let tests = param("#define P(a) (__builtin_constant_p(a) ? c(a) : f(a))\n", "P", 0);
    assert!(tests.tests_constant.is_some() && tests.needs_constant.is_none());
}

#[test]
fn strings_are_joined_beside_literals_macros_and_parameters() {
    let joined = |source, n| param(source, "P", n).joined_to_string.is_some();
    assert!(joined("#define P(f, ...) printk(\"x: \" f, ##__VA_ARGS__)\n", 0));
    assert!(joined(
        "#define SOH \"\\001\"\n#define ERR SOH \"3\"\n#define P(f) printk(ERR f)\n",
        0
    ));
    assert!(joined("#define ERR \"3\"\n#define fmt(f) f\n#define P(f) printk(ERR fmt(f))\n", 0));
    assert!(joined("#define P(l, f) printk(l f)\n", 0));
    assert!(!joined("#define P(f, ...) printk(f, ##__VA_ARGS__)\n", 0));
}

#[test]
fn the_arguments_behind_the_last_parameter_are_the_variadic_ones() {
    let source = "#define Q(f, ...) g(f, #__VA_ARGS__)\n#define P(a, b) Q(\"x\", 1, b)\n";
    assert!(param(source, "P", 1).stringified.is_some());
}

#[test]
fn the_whole_macro_has_its_facts() {
    let source = "#define F(a) g(__func__, a)\n#define L(a) g(__LINE__)\n\
                  #define S(a) ({ static bool once; a; })\n#define R(a) do { if (a) return; } while (0)\n\
                  #define ALL() do { F(1); L(2); S(3); R(4); } while (0)\n";
    let all = facts(source, "ALL");
    assert_eq!(all.names_function.as_ref().unwrap().via, ["ALL", "F"]);
    assert_eq!(all.names_place.as_ref().unwrap().via, ["ALL", "L"]);
    assert_eq!(all.static_state.as_ref().unwrap().via, ["ALL", "S"]);
    assert_eq!(all.returns_or_jumps.as_ref().unwrap().via, ["ALL", "R"]);
    assert_eq!(facts(source, "F").names_place, None);
    let unique = "#define U(p) __PASTE(p, __COUNTER__)\n#define N(p) g(__COUNTER__)\n";
    assert_eq!(facts(unique, "U").names_place, None);
    assert!(facts(unique, "N").names_place.is_some());
}

#[test]
fn captured_locals_are_free_names() {
    let free =
        |source: &str| -> Vec<String> { facts(source, "P").free_names.keys().cloned().collect() };
    assert_eq!(free("int g(int a);\n#define P(a) g(hw->reg + (a))\n"), ["hw"]);
    assert!(free("#define P(a) ({ typeof(a) _x = (a); int n = 0; _x + n; })\n").is_empty());
    let attributes = "#define P(a) ({ static struct s __section(\".x\") _entry = { a }; static struct t *_ptr __used = 0; g(&_entry, _ptr); })\nint g(int a);\n";
    assert!(free(attributes).is_empty());
    let pasted = "#define J(p, n) p ## n()\n#define K(p, n) J(p, n)\n#define P(a) K(check_, a)\n";
    assert!(free(pasted).is_empty());
    assert_eq!(free("#define Q hw\n#define P(a) (Q + (a))\n"), ["hw"]);
    assert!(free("#define Q hw\n#define P(a) ({ int hw = 1; Q + (a); })\n").is_empty());
    let member = "#define at(p, type, m) ((type *)((char *)(p) - __builtin_offsetof(type, m)))\n\
                  #define P(a) at(a, struct s, list)\n";
    assert!(free(member).is_empty());
}

#[test]
fn facts_tell_shared_headers_from_the_drivers_own() {
    let tree = [
        (
            "drivers/a.c",
            "#include <linux/p.h>\n#define OWN(a) SHARED(a)\n#define MINE(a) (__LINE__ + SHARED(a))\n",
        ),
        ("include/linux/p.h", "#define SHARED(a) (__LINE__ + (a))\n"),
    ];
    let unit = unit(&tree);
    let place = |name: &str| unit.macro_facts(name).unwrap().names_place.clone().unwrap();
    assert_eq!((place("OWN").via.len(), place("OWN").in_include), (2, true));
    assert_eq!((place("MINE").via.len(), place("MINE").in_include), (1, false));
}

#[test]
fn a_value_that_no_callee_uses_is_not_used_whatever_the_order() {
    let source =
        "#define P(v) Z(v)\n#define Z(v) A(v)\n#define A(v) #v\n#define Q(v) (P(v) A(v))\n";
    assert_eq!(param(source, "Q", 0).value_used, None);
}

#[test]
fn macros_that_call_each_other_end() {
    let source = "#define A(x) B(x)\n#define B(x) A(x) #x\n";
    assert!(param(source, "A", 0).stringified.is_some());
    assert!(unit(&[("a.c", "int x;")]).macro_facts("x").is_none());
}
