//! Whole scans of small sources. A path is `drivers/CLASS/DRIVER/FILE`.

use super::*;
use crate::syntax::LoopMacros;
use crate::tree::{SourceFile, Stamp};

/// Classes of `drivers` drivers each.
struct Folders {
    drivers: usize,
}

impl Placement for Folders {
    fn driver(&self, path: &str) -> String {
        path.split('/').nth(2).unwrap_or_default().to_owned()
    }
    fn class(&self, path: &str) -> String {
        path.split('/').nth(1).unwrap_or_default().to_owned()
    }
    fn drivers_in_class(&self, _class: &str) -> usize {
        self.drivers
    }
}

const FILE: &str = "drivers/net/one/a.c";

fn source_file(path: &str, size: usize) -> SourceFile {
    let stamp = Stamp { size: size as u64, ..Stamp::default() };
    SourceFile { path: path.to_owned(), stamp }
}

/// The kinds that compare whole functions token by token.
fn exact() -> Options {
    let kinds = [Kind::Identical, Kind::ConstantOnly, Kind::Renamed];
    Options { kinds: kinds.into(), ..Options::default() }
}

/// [`exact`] for functions of any size.
fn small() -> Options {
    Options { min_lines: 1, min_tokens: 1, ..exact() }
}

fn scan_of(files: &[(&str, &str)]) -> Scan {
    scan_with(files, &small(), 100)
}

fn scan_with(files: &[(&str, &str)], options: &Options, drivers: usize) -> Scan {
    let root = tempfile::tempdir().unwrap();
    let mut listed = Vec::new();
    for (path, source) in files {
        let file = root.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, source).unwrap();
        listed.push(source_file(path, source.len()));
    }
    let loops = LoopMacros::default();
    scan(root.path(), &listed, &Folders { drivers }, &loops, options, &|_| ())
}

/// One line a group, `kind level: members`, and one a hole, `kind: values @tokens`.
fn report(scan: &Scan) -> Vec<String> {
    let mut lines = Vec::new();
    for group in &scan.groups {
        let names: Vec<_> = group.members.iter().map(|m| m.name.as_str()).collect();
        lines.push(format!("{:?} {:?}: {}", group.kind, group.level, names.join(" ")));
        for hole in &group.holes {
            lines.push(format!("  {:?}: {} @{:?}", hole.kind, hole.values.join(" "), hole.tokens));
        }
    }
    lines
}

#[track_caller]
fn check(source: &str, expected: &[&str]) {
    assert_eq!(report(&scan_of(&[(FILE, source)])), expected);
}

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

#[test]
fn the_level_tells_how_far_apart_the_members_are() {
    let level = |paths: &[&str], drivers: usize| {
        let files: Vec<_> = paths.iter().map(|p| (*p, "int f(void) { return a(); }")).collect();
        let found = scan_with(&files, &small(), drivers);
        found.groups[0].level
    };
    let net = ["drivers/net/a/f.c", "drivers/net/b/f.c", "drivers/net/c/f.c"];
    assert_eq!(level(&["drivers/net/a/f.c", "drivers/net/a/g.c"], 9), Level::Driver);
    assert_eq!(level(&net[..2], 2), Level::Subset);
    assert_eq!(level(&net, 7), Level::Subset);
    assert_eq!(level(&net, 6), Level::Class);
    assert_eq!(level(&["drivers/net/a/f.c", "drivers/rtc/a/f.c"], 2), Level::CrossClass);
}

#[test]
fn functions_below_the_thresholds_are_counted_but_not_compared() {
    let source = "int f(void)\n{\n\treturn a();\n}\nint g(void)\n{\n\treturn a();\n}\n";
    let groups = |min_lines, min_tokens| {
        let found = scan_with(&[(FILE, source)], &Options { min_lines, min_tokens, ..exact() }, 1);
        assert_eq!((found.functions, found.function_lines, found.lines), (2, 8, 8));
        found.groups.len()
    };
    assert_eq!(groups(4, 12), 1);
    assert_eq!(groups(5, 12), 0);
    assert_eq!(groups(4, 13), 0);
}

#[test]
fn disabled_functions_are_counted_but_not_compared() {
    let found = scan_of(&[(
        FILE,
        "int f(void) { return a(); }\n#if 0\nint g(void) { return a(); }\n#endif\n",
    )]);
    assert_eq!((found.functions, found.disabled_functions, found.groups.len()), (2, 1, 0));
}

#[test]
fn ids_survive_shifted_lines_and_depend_on_files_and_names_only() {
    let source = "int f(void) { return a(1); }\nint g(void) { return a(2); }\n";
    let id = |path: &str, source: &str| scan_of(&[(path, source)]).groups[0].id.clone();
    let base = id(FILE, source);
    assert_eq!(base.len(), 8);
    assert_eq!(id(FILE, &format!("\n/* moved */\n{source}")), base);
    assert_eq!(id(FILE, &source.replace('2', "3")), base);
    assert_ne!(id("drivers/net/one/b.c", source), base);
    assert_ne!(id(FILE, &source.replace('g', "h")), base);
}

#[test]
fn functions_of_one_name_in_one_file_are_told_apart() {
    let one = "int f(void) { return a(1, 2); }\n";
    let other = "int f(void) { return b(1) + c; }\n";
    let found = scan_of(&[(FILE, &format!("{one}{one}{other}{other}"))]);
    let ordinals: Vec<Vec<u32>> =
        found.groups.iter().map(|g| g.members.iter().map(|m| m.ordinal).collect()).collect();
    assert_eq!(ordinals.len(), 2);
    assert!(ordinals.contains(&vec![0, 1]) && ordinals.contains(&vec![2, 3]));
    assert_ne!(found.groups[0].id, found.groups[1].id);
}

#[test]
fn what_cannot_be_read_is_reported_and_the_rest_is_scanned() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("a.c"), "int f(void) { return \"x; }\nint g(void) {\n")
        .unwrap();
    let file = |path: &str| source_file(path, 0);
    let files = [file("gone.c"), file("a.c")];
    let loops = LoopMacros::default();
    let placement = Folders { drivers: 1 };
    let found = scan(root.path(), &files, &placement, &loops, &Options::default(), &|_| ());
    assert_eq!(found.files, 1);
    assert_eq!(found.unreadable[0].0, "gone.c");
    let problems: Vec<_> = found.problems.iter().map(Problem::to_string).collect();
    assert_eq!(
        problems,
        [
            "a.c:1: the body of this function has no closing brace",
            "a.c:1: a literal is not closed on its line"
        ]
    );
}

#[test]
fn members_that_do_not_parse_are_listed_as_gaps() {
    let broken = |name: &str| format!("int {name}(void)\n{{\n\treturn a( ;\n}}\n");
    let found = scan_of(&[(FILE, &(broken("f") + &broken("g")))]);
    let gaps: Vec<_> = found.gaps.iter().map(|g| (g.function.as_str(), g.line)).collect();
    assert_eq!(gaps, [("f", 3), ("g", 7)]);
}

#[test]
fn one_thread_and_several_find_the_same() {
    let sources: Vec<(String, String)> = (0..40)
        .map(|i| {
            let function = |name: &str| {
                format!(
                    "int {name}{i}(struct s{i} *p)\n{{\n\treturn a(p->x, {i}, b{}());\n}}\n",
                    i % 3
                )
            };
            (format!("drivers/net/d{}/f{i}.c", i % 4), function("f") + &function("g"))
        })
        .collect();
    let files: Vec<_> = sources.iter().map(|(p, s)| (p.as_str(), s.as_str())).collect();
    let in_pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| scan_of(&files));
        let ids: Vec<_> = found.groups.iter().map(|g| g.id.clone()).collect();
        (report(&found), ids)
    };
    let one = in_pool(1);
    assert!(one.0.len() > 3);
    assert_eq!(one, in_pool(4));
}

/// `kind level: members`, one line a group, of a scan for all kinds.
fn groups_of(files: &[(&str, &str)]) -> Vec<String> {
    let found = scan_with(files, &Options::default(), 100);
    report(&found).into_iter().filter(|line| !line.starts_with(' ')).collect()
}

#[test]
fn a_wrapper_around_device_access_is_one_in_any_class() {
    let read = |name: &str| {
        format!(
            "static u32 {name}(struct {name} *p, u32 reg)\n{{\n\treturn readl(p->{name} + reg);\n}}\n"
        )
    };
    let (a, b) = (read("a_read"), read("b_read"));
    let files = [("drivers/net/a/a.c", a.as_str()), ("drivers/rtc/b/b.c", b.as_str())];
    assert_eq!(groups_of(&files), ["Wrapper CrossClass: a_read b_read"]);
    let lock = |name: &str| {
        format!("static void {name}(struct {name} *p)\n{{\n\tmutex_lock(&p->lock);\n}}\n")
    };
    let (a, b) = (lock("a_lock"), lock("b_lock"));
    assert!(groups_of(&[("drivers/net/a/a.c", &a), ("drivers/rtc/b/b.c", &b)]).is_empty());
    assert!(groups_of(&[("drivers/net/a/a.c", &a), ("drivers/net/b/b.c", &b)]).is_empty());
    let test = |name: &str, bit: &str| {
        format!("static int {name}(struct x *p)\n{{\n\treturn test_bit({bit}, &p->flags);\n}}\n")
    };
    let family = test("is_up", "UP") + &test("is_new", "NEW");
    assert_eq!(groups_of(&[(FILE, &family)]), ["Wrapper Driver: is_up is_new"]);
    let apart = family.replacen("&p->flags", "&p->other", 1);
    assert!(groups_of(&[(FILE, &apart)]).is_empty());
}

#[test]
fn wrappers_of_several_drivers_have_the_same_constants() {
    let read = |name: &str, shift: u32| {
        format!(
            "static u32 {name}(struct x *p, u32 r)\n{{\n\treturn readl(p->b + (r << {shift}));\n}}\n"
        )
    };
    let (a, b) = (read("a_read", 1), read("b_read", 2));
    assert!(groups_of(&[("drivers/net/a/a.c", &a), ("drivers/net/b/b.c", &b)]).is_empty());
    let both = a + &b;
    assert_eq!(groups_of(&[(FILE, &both)]), ["Wrapper Driver: a_read b_read"]);
}

#[test]
fn a_family_is_around_a_function_of_its_driver() {
    let family = "static int on(struct a *a)\n{\n\treturn power(a, 1);\n}\n\
                  static int off(struct a *a)\n{\n\treturn power(a, 0);\n}\n";
    let helper = "static int power(struct a *a, int on)\n{\n\ta->x = on;\n\treturn 0;\n}\n";
    assert!(groups_of(&[(FILE, family)]).is_empty());
    let found = scan_with(&[(FILE, &(helper.to_owned() + family))], &Options::default(), 1);
    assert_eq!(report(&found)[0], "Wrapper Driver: on off");
    assert!(!found.groups[0].adds_nothing);
    let nothing = "static int on(struct a *a)\n{\n\treturn power(a);\n}\n\
                   static int off(struct a *b)\n{\n\treturn power(b);\n}\n\
                   static int power(struct a *a)\n{\n\treturn a->x;\n}\n";
    let found = scan_with(&[(FILE, nothing)], &Options::default(), 1);
    assert!(found.groups[0].adds_nothing);
}

const COPY: &str = "static int a_start(struct chip *chip, int mode)\n{\n\tint ret;\n\n\
    \tret = chip_lock(chip);\n\tif (ret)\n\t\treturn ret;\n\tchip->mode = mode;\n\
    \tchip_write(chip, 0x10, mode);\n\tchip_wait(chip);\n\tchip_unlock(chip);\n\treturn 0;\n}\n";

#[test]
fn a_copy_with_a_statement_more_is_gapped() {
    let other = COPY
        .replace("a_start", "b_start")
        .replace("\tchip_wait(chip);\n", "\tchip_wait(chip);\n\tchip_log(chip, mode);\n");
    let found = scan_with(&[(FILE, &(COPY.to_owned() + &other))], &Options::default(), 1);
    let expected =
        ["Gapped Driver: a_start b_start", "  Expression:  chip_log ( chip , mode ) ; @[]"];
    assert_eq!(report(&found), expected);
}

#[test]
fn a_driver_that_writes_again_what_the_kernel_offers_reimplements_it() {
    let offered = COPY.replace("static int a_start", "int kernel_start");
    let exported = offered.clone() + "EXPORT_SYMBOL(kernel_start);\n";
    let renamed =
        COPY.replace("mode)", "what)").replace("= mode", "= what").replace(", mode", ", what");
    let check = |kernel: &str, driver: &str, expected: &[&str]| {
        let root = tempfile::tempdir().unwrap();
        let mut listed = Vec::new();
        for (path, source) in [(FILE, driver), ("lib/k.c", kernel)] {
            let file = root.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, source).unwrap();
            listed.push(source_file(path, source.len()));
        }
        let options = Options { offered: listed.split_off(1), ..Options::default() };
        let loops = LoopMacros::default();
        let found = scan(root.path(), &listed, &Folders { drivers: 9 }, &loops, &options, &|_| ());
        assert_eq!(found.files, 1);
        assert_eq!(report(&found), expected, "{kernel}");
    };
    check(&exported, COPY, &["Reimplements CrossClass: kernel_start a_start"]);
    check(&exported, &renamed, &["Reimplements CrossClass: kernel_start a_start"]);
    check(&offered, COPY, &[]);
    check(&exported, &COPY.replace("0x10", "0x20"), &[]);
    // A longer one may differ in constants, but not in what it calls.
    let longer = |text: &str| text.replace("\treturn 0;", "\tchip_log(chip, 1);\n\treturn 0;");
    let other_register =
        ["Reimplements CrossClass: kernel_start a_start", "  Integer: 0x10 0x20 @[39]"];
    let copy = longer(COPY).replace("0x10", "0x20");
    check(&longer(&exported), &copy, &other_register);
    check(&longer(&exported), &copy.replace("chip_wait", "chip_poll"), &[]);
    check(&exported, &COPY.replace("a_start", "kernel_start"), &[]);
}

#[test]
fn each_repetition_of_a_sequence_is_a_member_and_each_constant_a_hole() {
    let calls: String = (1..=5).map(|n| format!("\twr(c, {n}, X{n});\n")).collect();
    let source = format!("static void init(struct c *c)\n{{\n{calls}}}\n");
    let found = scan_with(&[(FILE, &source)], &Options::default(), 1);
    let expected = [
        "Sequence Driver: init init init init init",
        "  Integer: 1 2 3 4 5 @[4]",
        "  Constant: X1 X2 X3 X4 X5 @[6]",
    ];
    assert_eq!(report(&found), expected);
    let lines: Vec<_> = found.groups[0]
        .members
        .iter()
        .map(|m| (m.function.start_line, m.function.end_line))
        .collect();
    assert_eq!(lines, [(3, 3), (4, 4), (5, 5), (6, 6), (7, 7)]);
    assert_eq!(found.groups[0].redundant_lines(), 4);
}

#[test]
fn generated_and_included_files_are_left_out_and_named() {
    let two = "int f(void) { return a(); }\nint g(void) { return a(); }\n";
    let generated = format!("/* Generated automatically, do not edit */\n{two}");
    let files = [
        ("drivers/net/a/a.c", generated.as_str()),
        ("drivers/net/a/b.c", two),
        ("drivers/net/a/c.c", "#include \"b.c\"\n"),
    ];
    let found = scan_with(&files, &small(), 1);
    assert!(found.groups.is_empty());
    let left_out = [
        ("drivers/net/a/a.c".to_owned(), LeftOut::Generated),
        ("drivers/net/a/b.c".to_owned(), LeftOut::Included),
    ];
    assert_eq!(found.left_out, left_out);
    assert_eq!(found.functions, 4);
}

#[test]
fn a_block_that_two_functions_of_a_driver_repeat_is_a_sequence() {
    let block = |device: &str, register: u32| {
        format!(
            "\t{device}->mode = 1;\n\tchip_write({device}, 0x10, {device}->mode);\n\
             \tif (chip_wait({device}, 5))\n\t\treturn 1;\n\tchip_write({device}, {register}, 2);\n\
             \tchip_sync({device});\n\tchip_flush({device}, 3, 4);\n"
        )
    };
    let one = format!(
        "static int start(struct a *a, int x)\n{{\n\tint y = x;\n\n\tprepare(a, x);\n\tcheck(a, y);\n\
         \tcount(a, y, x);\n{}\treturn y;\n}}\n",
        block("a", 0x11)
    );
    let two = format!(
        "static void reset(struct a *dev)\n{{\n\tother(dev);\n{}\tlast(dev, 7);\n\tmore(dev->x);\n\
         \tend(dev->y, 8);\n\tgone(dev->z);\n}}\n",
        block("dev", 0x12)
    );
    let found = scan_with(&[(FILE, &(one.clone() + &two))], &Options::default(), 1);
    assert_eq!(report(&found), ["Sequence Driver: start reset", "  Integer: 17 18 @[33]"]);
    let lines: Vec<_> = found.groups[0]
        .members
        .iter()
        .map(|m| (m.function.start_line, m.function.end_line))
        .collect();
    assert_eq!(lines, [(8, 14), (20, 26)]);
    let apart = [("drivers/net/one/a.c", one.as_str()), ("drivers/net/two/b.c", two.as_str())];
    assert!(groups_of(&apart).is_empty(), "blocks are sought inside one driver");
}
