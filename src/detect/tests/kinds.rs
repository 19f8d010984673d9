//! The other kinds: wrappers, gapped copies, copies of the kernel's own, sequences.

use super::*;

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
