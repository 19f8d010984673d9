//! The rung *expands* on a ladder that became an array, and on statements that became a
//! loop: right patches, and texts in which each is wrong. The planner is not asked.

#[path = "support/expands.rs"]
mod expands;

use drvdedup::verify::{Claim, Files, Tabled};
use std::path::Path;

const PATH: &str = "drivers/misc/axf.c";

/// What the functions stand behind.
const HEAD: &str = "#include <linux/kernel.h>
enum axf_mode { AXF_OFF, AXF_IDLE, AXF_SLOW, AXF_FAST };
struct axf { u32 rate; void __iomem *base; };
";

/// What is said of a function `f` before and after; nothing where it expands.
fn said(before: &str, after: &str) -> String {
    said_of(Tabled::Switch, before, after)
}

fn said_of(tabled: Tabled, before: &str, after: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ladder-of-strings/before");
    let files = |text: &str| Files::from([(PATH.to_owned(), [HEAD, text].concat().into_bytes())]);
    let rewritten = vec![(PATH.to_owned(), "f".to_owned())];
    let claim = Claim { rewritten, tabled: Some(tabled), ..Claim::default() };
    expands::problem(&root, &files(before), &files(after), &claim)
}

/// Checks that each change of the text after, or of both, is found out for its reason.
#[track_caller]
fn check((before, after): (&str, &str), faults: &[(&str, &str, &str)]) {
    assert_eq!(said(before, after), "");
    for (from, to, why) in faults {
        assert!(after.contains(from), "`{from}` stands in {after}");
        let found = said(before, &after.replacen(from, to, 1));
        assert!(found.contains(why), "`{from}` → `{to}`: `{found}` does not say `{why}`");
    }
}

/// Checks that what is right of one text is wrong of another.
#[track_caller]
fn check_both((before, after): (&str, &str), from: &str, to: &str, why: &str) {
    assert!(before.contains(from), "`{from}` stands in {before}");
    let found = said(&before.replace(from, to), &after.replace(from, to));
    assert!(found.contains(why), "`{from}` → `{to}`: `{found}` does not say `{why}`");
}

const NAMES: (&str, &str) = (
    "const char *f(u32 mode)
{
	switch (mode) {
	case AXF_OFF:
		return \"off\";
	case AXF_IDLE:
	case AXF_FAST:
		return \"on\";
	default:
		return \"unknown\";
	}
}
",
    "const char *f(u32 mode)
{
	static const char * const names[] = {
		[AXF_OFF] = \"off\",
		[AXF_IDLE] = \"on\",
		[AXF_FAST] = \"on\",
	};

	if (mode < ARRAY_SIZE(names) && names[mode])
		return names[mode];

	return \"unknown\";
}
",
);

#[test]
fn an_array_of_strings_expands_to_the_switch() {
    check(
        NAMES,
        &[
            (" && names[mode]", "", "without a row of its own leads to one"),
            ("mode < ARRAY", "mode <= ARRAY", "does not stand for the ladder"),
            ("(mode < ARRAY_SIZE(names) && ", "(", "does not stand for the ladder"),
            ("[AXF_IDLE] = \"on\",\n\t\t[AXF_FAST] = \"on\"", "[AXF_IDLE] = \"on\"", "has no row"),
            ("[AXF_IDLE] = \"on\"", "[AXF_IDLE] = \"off\"", "instead of"),
            ("[AXF_IDLE] = \"on\"", "[AXF_SLOW] = \"on\"", "instead of"),
            ("[AXF_FAST] = \"on\"", "[AXF_FAST] = \"on\", [AXF_SLOW] = \"x\"", "a row too many"),
            ("\"unknown\"", "\"none\"", "does not stand for the ladder"),
            ("static const char * const", "static const char *", "0 new arrays"),
            ("static const char * const", "static const u8 * const", "of another type"),
            ("return names[mode];", "return names[0];", "does not stand for the ladder"),
            ("const char *f(u32 mode)", "const char *f(u16 mode)", "`u32`"),
        ],
    );
    check_both(NAMES, "u32 mode", "volatile u32 mode", "may be changed by others");
    check_both(NAMES, "u32 mode", "long long mode", "may be less than 0");
    check_both(NAMES, "u32 mode", "u32 state", "is no variable of the function");
    check_both(NAMES, "AXF_IDLE", "(-1)", "no index");
    let other = "\nint g(void)\n{\n\treturn 1;\n}\n";
    let found = said(&[NAMES.0, other].concat(), &[NAMES.1, &other.replace('1', "2")].concat());
    assert!(found.contains("something else has changed"), "{found}");
}

const RATES: (&str, &str) = (
    "int f(struct axf *axf, u32 mode)
{
	u32 more = 1;

	switch (mode) {
	case AXF_OFF:
		axf->rate = 100;
		break;
	case AXF_IDLE:
		axf->rate = 200;
		break;
	case AXF_SLOW:
		axf->rate = 300;
		break;
	default:
		writel(more, axf->base);
		return -EINVAL;
	}

	return 0;
}
",
    "int f(struct axf *axf, u32 mode)
{
	static const u16 rates[] = {
		[AXF_OFF] = 100,
		[AXF_IDLE] = 200,
		[AXF_SLOW] = 300,
	};
	u32 more = 1;

	if (mode >= ARRAY_SIZE(rates)) {
		writel(more, axf->base);
		return -EINVAL;
	}

	axf->rate = rates[mode];

	return 0;
}
",
);

#[test]
fn an_array_of_numbers_expands_to_the_switch() {
    check(
        RATES,
        &[
            ("const u16", "const u8", "does not fit"),
            ("const u16", "const bool", "no type that is known"),
            (">=", ">", "does not stand for the ladder"),
            ("writel(more, axf->base);\n", "", "does not stand for the ladder"),
            ("\t\treturn -EINVAL;\n", "", "does not stand for the ladder"),
            ("axf->rate = rates", "more = rates", "does not stand for the ladder"),
            ("return 0;", "return 1;", "`0` became `1`"),
            ("u32 more = 1;", "u32 more = 2;", "gives no value by a key"),
        ],
    );
    check_both(RATES, "AXF_SLOW", "AXF_FAST", "without a row of its own leads to one");
    // A default arm that goes on is no way out.
    let goes_on = |text: &str| text.replace("\t\treturn -EINVAL;\n", "");
    let before = goes_on(RATES.0).replace("axf->base);\n", "axf->base);\n\t\tbreak;\n");
    let found = said(&before, &goes_on(RATES.1));
    assert!(found.contains("does not stand for the ladder"), "{found}");
}

#[test]
fn a_row_without_a_key_may_be_what_the_default_arm_gives() {
    let gap = |text: &str| text.replace("AXF_SLOW", "AXF_FAST");
    let zero = |text: &str| gap(text).replace("\t\twritel(more, axf->base);\n", "");
    let before = zero(RATES.0).replace("\t\treturn -EINVAL;\n", "\t\taxf->rate = 0;\n\t\tbreak;\n");
    let after = zero(RATES.1)
        .replace(
            "if (mode >= ARRAY_SIZE(rates)) {\n\t\treturn -EINVAL;\n\t}\n\n\taxf->rate",
            "if (mode < ARRAY_SIZE(rates))\n\t\taxf->rate",
        )
        .replace("rates[mode];\n", "rates[mode];\n\telse\n\t\taxf->rate = 0;\n");
    check((&before, &after), &[("\telse\n\t\taxf->rate = 0;\n", "", "does not stand")]);
    check_both((&before, &after), "axf->rate = 0;", "axf->rate = 7;", "leads to one");
}

#[test]
fn arms_that_do_more_are_no_rows() {
    let check = |from: &str, to: &str, why: &str| {
        let found = said(&RATES.0.replacen(from, to, 1), RATES.1);
        assert!(found.contains(why), "`{from}` → `{to}`: `{found}` does not say `{why}`");
    };
    check("\t\taxf->rate = 200;\n\t\tbreak;\n", "\t\taxf->rate = 200;\n", "falls into the next");
    check("axf->rate = 200", "more = 200", "another place");
    check("axf->rate = 200", "writel(1, axf->base); axf->rate = 200", "gives no value");
    check("switch (mode)", "switch (mode + 1)", "should be");
    check(
        "\t\treturn -EINVAL;\n",
        "\t\tif (more)\n\t\t\tbreak;\n\t\treturn -EINVAL;\n",
        "breaks off",
    );
}

const CHAIN: (&str, &str) = (
    "int f(struct axf *axf, u32 mode)
{
	u32 more = 1;

	if (mode == AXF_OFF) {
		axf->rate = 100;
	} else if (mode == AXF_IDLE || mode == AXF_FAST) {
		axf->rate = 200;
	} else if (mode == AXF_SLOW) {
		axf->rate = 300;
	} else {
		writel(more, axf->base);
		axf->rate = 0;
	}

	return 0;
}
",
    "int f(struct axf *axf, u32 mode)
{
	static const u16 rates[] = {
		[AXF_OFF] = 100,
		[AXF_IDLE] = 200,
		[AXF_FAST] = 200,
		[AXF_SLOW] = 300,
	};
	u32 more = 1;

	if (mode < ARRAY_SIZE(rates)) {
		axf->rate = rates[mode];
	} else {
		writel(more, axf->base);
		axf->rate = 0;
	}

	return 0;
}
",
);

#[test]
fn an_array_expands_to_a_chain_of_conditions() {
    check(
        CHAIN,
        &[
            ("[AXF_FAST] = 200,\n", "", "instead of"),
            ("mode < ARRAY", "mode <= ARRAY", "does not stand for the ladder"),
            ("\t\twritel(more, axf->base);\n", "", "does not stand for the ladder"),
            ("return 0;", "return 1;", "`0` became `1`"),
            // Without braces the second statement would be made for all keys.
            (
                "else {\n\t\twritel(more, axf->base);\n\t\taxf->rate = 0;\n\t}",
                "else\n\t\twritel(more, axf->base);\n\t\taxf->rate = 0;",
                "does not stand for the ladder",
            ),
        ],
    );
    check_both(CHAIN, "AXF_FAST", "AXF_OFF", "the key is named twice");
    check_both(CHAIN, "AXF_FAST", "more", "`more` is no constant");
    let check = |from: &str, to: &str, why: &str| {
        let found = said(&CHAIN.0.replacen(from, to, 1), CHAIN.1);
        assert!(found.contains(why), "`{from}` → `{to}`: `{found}` does not say `{why}`");
    };
    check("mode == AXF_SLOW", "more == AXF_SLOW", "another variable is compared");
    check("mode == AXF_SLOW", "mode >= AXF_SLOW", "no plain variable");
    check("mode == AXF_SLOW", "mode == AXF_SLOW && more", "no comparison with a constant");
    check("mode == AXF_SLOW", "mode == AXF_SLOW | 4", "no comparison with a constant");
    check("mode == AXF_SLOW", "readl(axf->base) == AXF_SLOW", "no plain variable");
    check("axf->rate = 300;", "axf->rate = 300; more = 2;", "does more");
    check("axf->rate = 300", "more = 300", "another place");
    check("} else if (mode == AXF_SLOW", "}\n\tif (mode == AXF_SLOW", "`if` became");
}

#[test]
fn an_array_expands_to_a_chain_that_returns_and_to_choices() {
    let head = "const char *f(u32 mode)\n{\n";
    let rows = "\tstatic const char * const names[] = {\n\t\t[AXF_OFF] = \"off\",\n\
                \t\t[AXF_IDLE] = \"idle\",\n\t\t[AXF_FAST] = \"fast\",\n\t};\n\n";
    let lookup = "\tif (mode < ARRAY_SIZE(names))\n\t\treturn names[mode];\n\n\treturn NULL;\n}\n";
    let after = format!("{head}{rows}{lookup}");
    let returns = format!(
        "{head}\tif (mode == AXF_OFF)\n\t\treturn \"off\";\n\
         \tif (mode == AXF_IDLE)\n\t\treturn \"idle\";\n\
         \telse if (mode == AXF_FAST)\n\t\treturn \"fast\";\n\treturn NULL;\n}}\n"
    );
    let choices = format!(
        "{head}\treturn mode == AXF_OFF ? \"off\" : (mode == AXF_IDLE) ? \"idle\" :\n\
         \t\tmode == AXF_FAST ? \"fast\" : NULL;\n}}\n"
    );
    for before in [&returns, &choices] {
        check(
            (before, &after),
            &[
                ("return NULL", "return \"x\"", "does not stand for the ladder"),
                ("\"fast\"", "\"idle\"", "instead of"),
                ("return names[mode]", "return names[0]", "does not stand for the ladder"),
            ],
        );
        check_both((before, &after), "NULL", "\"?\"", "leads to one");
    }
    let found = said(&choices.replace(": (mode", ": readl(mode) ? \"x\" : (mode"), &after);
    assert!(found.contains("no plain variable"), "{found}");
}

const SEARCH: (&str, &str) = (
    "int f(struct axf *axf, int mode)
{
	switch (mode) {
	case -40:
		axf->rate = 100;
		break;
	case 25:
		axf->rate = 200;
		break;
	case 0x10000:
		axf->rate = 0;
		break;
	default:
		writel(1, axf->base);
		return -EINVAL;
	}

	return 0;
}
",
    "int f(struct axf *axf, int mode)
{
	static const struct mode_rate {
		int mode;
		u16 rate;
	} rates[] = {
		{ -40,     100 },
		{ 25,      200 },
		{ 0x10000, 0 },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		if (mode == rates[i].mode) {
			axf->rate = rates[i].rate;
			break;
		}
	}
	if (i == ARRAY_SIZE(rates)) {
		writel(1, axf->base);
		return -EINVAL;
	}

	return 0;
}
",
);

#[test]
fn an_array_that_is_searched_expands_to_the_switch() {
    check(
        SEARCH,
        &[
            ("{ 25,      200 },\n", "", "instead of"),
            ("{ 25,      200 }", "{ 25,      201 }", "instead of"),
            ("{ 25,      200 }", "{ 200,     25 }", "instead of"),
            (
                "int mode;\n\t\tu16 rate;",
                "u16 rate;\n\t\tint mode;",
                "does not stand for the ladder",
            ),
            ("int mode;\n\t\tu16", "s16 mode;\n\t\tu16", "the keys become s16"),
            ("\t\tu16 rate;", "\t\tu8 mode2;\n\t\tu16 rate;", "no key with its value"),
            ("u16 rate", "s8 rate", "no type that is known"),
            ("i < ARRAY", "i <= ARRAY", "no loop searches it"),
            ("i = 0;", "i = 1;", "no loop searches it"),
            ("mode == rates[i].mode", "mode != rates[i].mode", "does not stand for the ladder"),
            ("mode == rates[i].mode", "mode == rates[0].mode", "does not stand for the ladder"),
            ("rates[i].rate;", "rates[i].mode;", "does not stand for the ladder"),
            ("\t\t\tbreak;\n", "", "does not stand for the ladder"),
            ("if (i == ARRAY", "if (i != ARRAY", "does not stand for the ladder"),
            ("writel(1, axf->base);\n\t\treturn", "return", "does not stand for the ladder"),
            (
                "{\n\t\twritel(1, axf->base);\n\t\treturn -EINVAL;\n\t}",
                "\n\t\twritel(1, axf->base);\n\t\treturn -EINVAL;",
                "does not stand for the ladder",
            ),
            ("static const struct", "static struct", "0 new arrays"),
        ],
    );
    check_both(SEARCH, "0x10000", "0x100000000", "does not have it");
    check_both(SEARCH, "0x10000", "25", "named twice");
    check_both(SEARCH, "0x10000", "NOWHERE", "not known");
    check_both(SEARCH, "int mode", "volatile int mode", "may be changed by others");
    let in_macro = |text: &str| {
        format!("#define writel(a, b) ({{ int i = 3; writel_at(a, (b) + i); }})\n{text}")
    };
    let found = said(&in_macro(SEARCH.0), &in_macro(SEARCH.1));
    assert!(found.contains("a macro may have a `i` of its own"), "{found}");
}

const RUN: (&str, &str) = (
    "int f(struct axf *axf)
{
	int ret;

	ret = poke(axf, 0x10, AXF_IDLE, 0);
	if (ret)
		return ret;
	ret = poke(axf, 0x12, AXF_SLOW, 1);
	if (ret)
		return ret;
	ret = poke(axf, 0x1ff, AXF_FAST, 2);
	if (ret)
		return ret;

	return 0;
}
",
    "int f(struct axf *axf)
{
	static const struct poke_args {
		u16 reg;
		enum axf_mode mode;
	} regs[] = {
		{ 0x10, AXF_IDLE },
		{ 0x12, AXF_SLOW },
		{ 0x1ff, AXF_FAST },
	};
	int ret;
	int i;

	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		ret = poke(axf, regs[i].reg, regs[i].mode, i);
		if (ret)
			return ret;
	}

	return 0;
}
",
);

#[test]
fn a_loop_over_a_table_unrolls_to_the_statements() {
    let (before, after) = RUN;
    assert_eq!(said_of(Tabled::Run, before, after), "");
    let faults = [
        ("u16 reg", "u8 reg", "does not fit"),
        ("u16 reg", "char *reg", "does not fit"),
        ("{ 0x12, AXF_SLOW }", "{ 0x13, AXF_SLOW }", "comes out as"),
        ("{ 0x12, AXF_SLOW }", "{ 0x12, AXF_IDLE }", "comes out as"),
        ("\t\t{ 0x12, AXF_SLOW },\n", "", "comes out as"),
        ("{ 0x1ff, AXF_FAST },", "{ 0x1ff, AXF_FAST }, { 1, AXF_OFF },", "comes out as"),
        ("{ 0x10, AXF_IDLE },\n\t\t{ 0x12", "{ 0x12, AXF_SLOW },\n\t\t{ 0x10", "comes out as"),
        ("i = 0; i <", "i = 1; i <", "become a loop"),
        ("i < ARRAY", "i <= ARRAY", "become a loop"),
        ("regs[i].reg", "regs[0].reg", "another row is read"),
        ("regs[i].reg, regs[i].mode", "regs[i].mode, regs[i].reg", "comes out as"),
        (", i);", ", 0);", "comes out as"),
        ("\t\tif (ret)\n\t\t\treturn ret;\n", "", "comes out as"),
        ("return 0;", "return 1;", "became"),
        ("static const struct", "static struct", "0 new arrays"),
        ("AXF_SLOW }", "axf->rate }", "comes out as"),
    ];
    for (from, to, why) in faults {
        assert!(after.contains(from), "`{from}` stands in {after}");
        let found = said_of(Tabled::Run, before, &after.replacen(from, to, 1));
        assert!(found.contains(why), "`{from}` → `{to}`: `{found}` does not say `{why}`");
    }
    // A macro with a variable of that name would take it for its own.
    let in_macro = |text: &str| {
        format!("#define poke(a, b, c, d) ({{ int i = 3; poke_at(a, b, c, d + i); }})\n{text}")
    };
    let found = said_of(Tabled::Run, &in_macro(before), &in_macro(after));
    assert!(found.contains("a macro may have a `i` of its own"), "{found}");
    // An index that was there already has a value of its own behind the loop.
    let used = |text: &str| text.replace("int ret;\n", "int ret;\n\tint i = 5;\n");
    let after = used(after).replacen("\tint i;\n", "", 1);
    let found = said_of(Tabled::Run, &used(before), &after);
    assert!(found.contains("no index of its own"), "{found}");
    // What is no constant may change from one turn to the next.
    let read = |text: &str| text.replace("0x12", "axf->rate");
    let found = said_of(Tabled::Run, &read(before), &read(RUN.1));
    assert!(found.contains("is no constant"), "{found}");
    let leaves = |text: &str| text.replace("return ret;\n", "break;\n");
    let found = said_of(Tabled::Run, &leaves(before), &leaves(RUN.1));
    assert!(found.contains("a jump would mean something else"), "{found}");
}
