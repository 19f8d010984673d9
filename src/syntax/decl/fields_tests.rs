use super::super::testing::unit;
use super::*;

const HEADER: &str = "\
struct lock { int raw; };
typedef struct lock lock_t;
typedef unsigned int reg_t;
struct chip {
	void __iomem *base;
	u8 tx, rx;
	lock_t lock_a, lock_b;
	u32 map[4][2], one[8];
	unsigned int on:1, off:1;
	struct { int count; struct lock inner; } stats[2], total;
	union { int raw; u8 bytes[4]; };
	const char *const name;
	int (*call)(struct chip *chip, int arg);
#ifdef CONFIG_X
	int extra;
#else
	long extra;
#endif
#ifdef CONFIG_Y
	int only;
#endif
	struct chip *next;
	DECLARE_BITMAP(bits, 4);
	reg_t last;
};
";

fn chip() -> (std::sync::Arc<Unit>, Layout) {
    let unit = unit(&[("a.c", HEADER)]);
    let layout = unit.layout("struct chip").expect("one body is visible");
    (unit, layout)
}

#[track_caller]
fn check(name: &str, expected: Result<(&str, u32, bool), NoField>) {
    let found = chip().1.field(name);
    let found = found.map(|f| (f.type_text, f.dimensions, f.is_bit_field));
    assert_eq!(found, expected.map(|(text, n, bits)| (text.to_owned(), n, bits)), "{name}");
}

#[test]
fn a_member_has_the_type_that_its_declaration_gives_it() {
    check("base", Ok(("void __iomem *", 0, false)));
    check("rx", Ok(("u8", 0, false)));
    check("lock_b", Ok(("lock_t", 0, false)));
    check("last", Ok(("reg_t", 0, false)));
    check("next", Ok(("struct chip *", 0, false)));
    check("name", Ok(("const char * const", 0, false)));
}

#[test]
fn arrays_and_bit_fields_are_told_apart() {
    check("map", Ok(("u32", 2, false)));
    check("one", Ok(("u32", 1, false)));
    check("off", Ok(("unsigned int", 0, true)));
}

#[test]
fn members_of_a_member_without_a_name_are_found() {
    check("raw", Ok(("int", 0, false)));
    check("bytes", Ok(("u8", 1, false)));
    check("inner", Err(NoField::NotFound("inner".into())));
}

#[test]
fn what_the_configuration_decides_is_not_known() {
    check("only", Err(NoField::Conditional("only".into())));
    check("extra", Err(NoField::NotFound("extra".into())));
    check("bits", Err(NoField::NotFound("bits".into())));
}

#[test]
fn a_body_that_stands_in_the_declaration_is_looked_into() {
    let (unit, chip) = chip();
    let total = chip.field("total").expect("it is declared");
    assert!(total.is_untagged());
    let inner = unit.layout_of(&total, false).and_then(|l| l.field("inner"));
    assert_eq!(inner.map(|f| f.type_text), Ok("struct lock".to_owned()));
    let array = chip.field("stats").expect("it is declared");
    assert!(unit.layout_of(&array, false).is_err());
}

#[test]
fn pointers_are_followed_with_an_arrow_and_objects_with_a_dot() {
    let (unit, chip) = chip();
    let next = chip.field("next").expect("it is declared");
    assert!(unit.layout_of(&next, false).is_err());
    let again = unit.layout_of(&next, true).expect("a pointer to a struct");
    assert_eq!(again.origin(), chip.origin());
    let lock = chip.field("lock_a").expect("it is declared");
    assert!(unit.layout_of(&lock, false).is_ok_and(|l| l.field("raw").is_ok()));
}

#[test]
fn a_tag_with_two_bodies_has_no_layout() {
    let two = "#ifdef A\nstruct s { int a; };\n#else\nstruct s { long a; };\n#endif\n";
    assert!(unit(&[("a.c", two)]).layout("struct s").is_err());
    let conditional = "#ifdef A\nstruct s { int a; };\n#endif\n";
    assert!(unit(&[("a.c", conditional)]).layout("struct s").is_err());
    let renamed = "#define s t\nstruct s { int a; };\n";
    assert!(unit(&[("a.c", renamed)]).layout("struct s").is_err());
    assert!(unit(&[("a.c", "struct s;\n")]).layout("struct s").is_err());
}

#[test]
fn a_packed_structure_says_so_of_its_members() {
    let packed = |text: &str| {
        let layout = unit(&[("a.c", text)]).layout("struct s").expect("one body is visible");
        layout.field("a").expect("it is declared").is_packed
    };
    assert!(packed("struct s { char c; int a; } __packed;\n"));
    assert!(packed("struct s { char c; int a; } __attribute__((packed));\n"));
    assert!(packed("struct s { char c; int a __packed; };\n"));
    assert!(packed("#pragma pack(1)\nstruct s { char c; int a; };\n"));
    assert!(!packed("struct s { char c; int a; };\n"));
}

#[test]
fn scalars_are_integers_enums_and_pointers() {
    let (unit, _) = chip();
    for scalar in ["u8", "reg_t", "enum x", "struct chip *", "unsigned long", "char"] {
        assert!(unit.is_scalar(scalar), "{scalar}");
    }
    for other in ["struct chip", "lock_t", "gone_t", "volatile int", "int (*)(int)"] {
        assert!(!unit.is_scalar(other), "{other}");
    }
}

#[test]
fn the_type_of_a_parameter_is_its_declaration_without_the_name() {
    assert_eq!(declared_type("const struct chip *chip").as_deref(), Some("const struct chip *"));
    assert_eq!(declared_type("u8 reg").as_deref(), Some("u8"));
    assert_eq!(declared_type("u8 buf[4]"), None);
    assert_eq!(declared_type("int (*fn)(int)"), None);
}
