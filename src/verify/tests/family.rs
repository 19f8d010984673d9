//! One function that takes its constant from the row by which it is reached.

use crate::syntax::LoopMacros;
use crate::verify::family::Rows;
use crate::verify::tests::Folder;
use crate::verify::{Claim, Files, Scope, climb};

const PATH: &str = "d/a.c";

const HEADER: &str = "\
struct device_attribute {
	struct attribute attr;
	ssize_t (*show)(struct device *dev, struct device_attribute *attr, char *buf);
	ssize_t (*store)(struct device *dev, struct device_attribute *attr, const char *buf);
};
struct dev_ext_attribute {
	struct device_attribute attr;
	void *var;
};
struct sensor_attr {
	struct device_attribute dev_attr;
	u8 index;
};
#define __ATTR(_name, _mode, _show, _store) { \\
	.attr = { .name = __stringify(_name), .mode = VERIFY_OCTAL_PERMISSIONS(_mode) }, \\
	.show = _show, \\
	.store = _store, \\
}
#define __ATTR_RO(_name) { \\
	.attr = { .name = __stringify(_name), .mode = 0444 }, \\
	.show = _name##_show, \\
}
#define DEVICE_ATTR_RO(_name) struct device_attribute dev_attr_##_name = __ATTR_RO(_name)
#define to_sensor(_attr) container_of(_attr, struct sensor_attr, dev_attr)
#define SENSOR(_name, _mode, _show, _store, _index) \\
	struct sensor_attr sensor_##_name = \\
		{ .dev_attr = __ATTR(_name, _mode, _show, _store), .index = _index }
#define WIDE 0x1ff
";

const ARGUMENTS: &str = "(struct device *dev, struct device_attribute *attr, char *buf)";

/// Two functions that differ in a register.
fn members() -> String {
    let one = |name: &str, reg: &str| {
        format!(
            "static ssize_t {name}_show{ARGUMENTS}\n{{\n\tint v = get(dev, {reg});\n\n\treturn emit(buf, v);\n}}\n\n"
        )
    };
    format!("#include \"h.h\"\n\n{}{}", one("a", "0x10"), one("b", "0x20"))
}

/// The one function that takes the register by this declaration.
fn both(declaration: &str) -> String {
    format!(
        "#include \"h.h\"\n\nstatic ssize_t ab_show{ARGUMENTS}\n{{\n\t{declaration}\n\tint v = get(dev, reg);\n\n\treturn emit(buf, v);\n}}\n\n"
    )
}

fn claim(tag: &str, (attribute, slot): (&str, &str), variables: [(&str, &str); 2]) -> Claim {
    let text = |(one, other): (&str, &str)| (one.to_owned(), other.to_owned());
    Claim {
        members: ["a_show", "b_show"].map(|name| (PATH.to_owned(), name.to_owned())).into(),
        helper: Some("ab_show".to_owned()),
        rows: Some(Rows {
            tag: tag.to_owned(),
            attribute: attribute.to_owned(),
            slot: slot.to_owned(),
            is_of_one_type: tag == "sensor_attr",
            local: "reg".to_owned(),
            table: None,
            points: false,
            columns: vec![text(("int", "reg"))],
            constants: vec![vec!["0x10".to_owned()], vec!["0x20".to_owned()]],
            variables: variables.map(text).into(),
        }),
        ..Claim::default()
    }
}

fn problem(before: &str, after: &str, claim: &Claim) -> Option<String> {
    let files = |text: &str| Files::from([(PATH.to_owned(), text.as_bytes().to_vec())]);
    let scope = Folder(HEADER.to_owned());
    let names = (&LoopMacros::default(), Some(&scope as &dyn Scope));
    climb(&files(before), &files(after), claim, names).problem.map(|it| it.to_string())
}

const READS: &str = "int reg = to_sensor(attr)->index;";

fn sensors() -> (String, Claim) {
    let rows =
        "static SENSOR(a, 0444, a_show, NULL, 0);\nstatic SENSOR(b, 0444, b_show, b_set, 0);\n";
    let list = "static void *list[] = { &sensor_a.dev_attr.attr, &sensor_b.dev_attr.attr };\n";
    let other = "static ssize_t b_set(struct device *dev, struct device_attribute *attr, const char *buf)\n{\n\treturn put(dev, buf);\n}\n\n";
    let claim = claim(
        "sensor_attr",
        ("dev_attr", "index"),
        [("sensor_a", "sensor_a"), ("sensor_b", "sensor_b")],
    );
    (format!("{other}{rows}{list}"), claim)
}

/// The rows of [`sensors`] as they shall be.
fn held(rest: &str) -> String {
    rest.replace("a_show, NULL, 0", "ab_show, NULL, 0x10")
        .replace("b_show, b_set, 0", "ab_show, b_set, 0x20")
}

#[test]
fn rows_of_one_type_hold_the_constant_that_their_function_reads() {
    let (rest, claim) = sensors();
    let (before, after) = (members() + &rest, both(READS) + &held(&rest));
    assert_eq!(problem(&before, &after, &claim), None);
}

#[test]
fn what_the_rows_and_the_function_do_otherwise_is_found() {
    let (rest, claim) = sensors();
    let (before, right) = (members() + &rest, both(READS) + &held(&rest));
    for (was, is, expected) in [
        ("0x10", "0x20", "it holds 0x20, not 0x10"),
        ("NULL, 0x10", "b_set, 0x10", "dev_attr.store was NULL"),
        ("(a, 0444", "(a, 0644", "dev_attr.attr.mode was 0444"),
        ("ab_show, b_set", "b_set, b_set", "dev_attr.show was b_show"),
        ("to_sensor(attr)->index", "to_sensor(attr)->dev_attr", "not a member of the row"),
        ("\tint v", "\tint w = reg++;\n\tint v", "may be written to"),
        ("get(dev, reg)", "get(dev, reg + 1)", "became"),
        ("return put", "return get", "became"),
        ("{ &sensor_a", "{ &sensor_b", "became"),
        ("\treturn emit", "\tuse(attr);\n\treturn emit", "uses its row"),
    ] {
        let wrong = right.replacen(was, is, 1);
        assert_ne!(wrong, right, "{was}");
        let problem = problem(&before, &wrong, &claim).unwrap_or_else(|| panic!("{was}: proved"));
        assert!(problem.contains(expected), "{was}: {problem}");
    }
}

#[test]
fn a_member_of_the_row_that_somebody_reads_is_not_free() {
    let (rest, claim) = sensors();
    for (was, is) in [
        ("return put(dev, buf)", "return put(dev, to_sensor(attr)->index)"),
        ("return put(dev, buf)", "return hand_on(dev, attr, buf)"),
        (
            "static void *list",
            "static int any(struct attribute *it)\n{\n\treturn to_sensor(it)->index;\n}\n\nstatic void *list",
        ),
        (
            "static void *list",
            "static int first(void)\n{\n\treturn sensor_a.index;\n}\n\nstatic void *list",
        ),
        (
            "static void *list",
            "static int called(void)\n{\n\treturn a_show(0, 0, 0);\n}\n\nstatic void *list",
        ),
    ] {
        let rest = rest.replace(was, is);
        let (before, after) = (members() + &rest, both(READS) + &held(&rest));
        assert!(problem(&before, &after, &claim).is_some(), "{is}");
    }
}

#[test]
fn a_constant_that_the_row_does_not_keep_is_found() {
    let (rest, mut claim) = sensors();
    let (before, after) = (members() + &rest, both(READS) + &held(&rest));
    for wide in ["0x100", "WIDE", "-1", "UNKNOWN"] {
        let (before, after) = (before.replace("0x20", wide), after.replace("0x20", wide));
        if let Some(rows) = &mut claim.rows {
            rows.constants[1] = vec![wide.to_owned()];
        }
        let problem = problem(&before, &after, &claim).expect("it is not kept");
        assert!(problem.contains("does not keep") || problem.contains("not known"), "{problem}");
    }
}

const EXTENDED: &str = "int reg = (long)container_of(attr, struct dev_ext_attribute, attr)->var;";

#[test]
fn rows_become_larger_ones_and_what_names_them_says_so() {
    let rows = "static DEVICE_ATTR_RO(a);\nstatic DEVICE_ATTR_RO(b);\n";
    let list = "static void *list[] = { &dev_attr_a.attr, &dev_attr_b.attr };\n\n";
    let user = "int add(struct device *dev)\n{\n\treturn create(dev, &dev_attr_a);\n}\n";
    let row = |name: &str, value: &str| {
        format!(
            "static struct dev_ext_attribute dev_attr_{name} = {{\n\t__ATTR({name}, 0444, ab_show, NULL), (void *){value}\n}};\n"
        )
    };
    let list_after = list.replace(".attr", ".attr.attr");
    let user_after = user.replace("dev_attr_a", "dev_attr_a.attr");
    let before = [&members(), rows, list, user].concat();
    let after = [&both(EXTENDED), &row("a", "0x10"), &row("b", "0x20"), &*list_after, &*user_after]
        .concat();
    let variables = [("dev_attr_a", "dev_attr_a"), ("dev_attr_b", "dev_attr_b")];
    let claim = claim("dev_ext_attribute", ("attr", "var"), variables);
    assert_eq!(problem(&before, &after, &claim), None);
    for (was, is, expected) in [
        ("&dev_attr_b.attr.attr", "&dev_attr_a.attr.attr", "what names"),
        ("&dev_attr_b.attr.attr", "&dev_attr_b.attr", "`.` became `}`"),
        ("&dev_attr_a.attr)", "&dev_attr_a.var)", "what names"),
        ("(void *)0x20", "(void *)0x10", "it holds 0x10, not 0x20"),
        ("(void *)0x20", "&reg", "not made a pointer"),
        ("int reg = (long)", "int reg = (u8)", "not a member of the row"),
        ("0444", "0644", "attr.attr.mode was 0444"),
    ] {
        let wrong = after.replacen(was, is, 1);
        assert_ne!(wrong, after, "{was}");
        let problem = problem(&before, &wrong, &claim).unwrap_or_else(|| panic!("{was}: proved"));
        assert!(problem.contains(expected), "{was}: {problem}");
    }
}
