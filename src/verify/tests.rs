//! Inline files before and after: what is right passes, and every planted fault
//! fails for its own reason.

use super::*;

const PATH: &str = "drivers/a.c";

fn files(text: &str) -> Files {
    Files::from([(PATH.to_owned(), text.as_bytes().to_vec())])
}

fn claim(members: &[&str], helper: Option<&str>, merged_into: Option<&str>) -> Claim {
    Claim {
        members: members.iter().map(|name| (PATH.to_owned(), (*name).to_owned())).collect(),
        helper: helper.map(str::to_owned),
        helper_path: None,
        merged_into: merged_into.map(str::to_owned),
    }
}

fn climbs(before: &str, after: &str, claim: &Claim) -> Climb {
    climb(&files(before), &files(after), claim, &LoopMacros::default())
}

#[track_caller]
fn check_passes(before: &str, after: &str, claim: &Claim) {
    let climb = climbs(before, after, claim);
    assert_eq!(climb.problem, None);
    assert_eq!(climb.verdict, Verdict::Expands);
}

#[track_caller]
fn check_fails(row: &str, before: &str, after: &str, claim: &Claim, expected: &str) {
    let climb = climbs(before, after, claim);
    assert_eq!(climb.verdict, Verdict::Failed, "{row} was not noticed");
    let problem = climb.problem.map(|p| p.to_string()).unwrap_or_default();
    assert!(problem.contains(expected), "{row}: expected `{expected}`, found `{problem}`");
}

/// `text` with its only `from` replaced.
#[track_caller]
fn planted(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` must stand once in {text}");
    text.replace(from, to)
}

/// Two members with callers, which go.
const GONE_BEFORE: &str = "\
#define REG_A 0x10
#define REG_B 0x20
#define LIMIT 7

struct chip { int base; };

static int rd(struct chip *chip, int reg);

/* Starts a. */
static int start_a(struct chip *chip, u32 val, int unused)
{
	int ret;

	ret = wr(chip, REG_A, val & 0xff);
	if (ret < 0)
		goto out;
	ret = rd(chip, REG_A | 1);
out:
	return ret;
}

static int between(struct chip *chip)
{
	return chip->base + LIMIT;
}

static int start_b(struct chip *chip, u32 val, int unused)
{
	int err;

	err = wr(chip, REG_B, val & 0xff);
	if (err < 0)
		goto fail;
	err = rd(chip, REG_B | 1);
fail:
	return err;
}

static int probe(struct chip *chip, int n)
{
	if (start_a(chip, n + 1, 0))
		return start_b(chip, start_a(chip, n, n), between(chip));
	return start_b(chip, 3, n);
}
";

/// `between(chip)` is an argument that a rewrite may not drop.
const GONE_AFTER: &str = "\
#define REG_A 0x10
#define REG_B 0x20
#define LIMIT 7

struct chip { int base; };

static int rd(struct chip *chip, int reg);

static int start(struct chip *chip, u32 val, int unused, int reg, int reg2)
{
	int ret;

	ret = wr(chip, reg,
		 val & 0xff);
	if (ret < 0)
		goto out;
	ret = rd(chip, reg2);
out:
	return ret;
}

static int between(struct chip *chip)
{
	return chip->base + LIMIT;
}

static int probe(struct chip *chip, int n)
{
	if (start(chip, n + 1, 0, REG_A, REG_A | 1))
		return start(chip, start(chip, n, n, REG_A, REG_A | 1), between(chip), REG_B, REG_B | 1);
	return start(chip, 3, n, REG_B, REG_B | 1);
}
";

fn gone() -> Claim {
    claim(&["start_a", "start_b"], Some("start"), None)
}

/// Two members that an ops table names, which stay as thin functions.
const THIN_BEFORE: &str = "\
static DEFINE_MUTEX(lock);

static ssize_t show_min(struct device *dev, char *buf)
{
	struct data *data = get(dev);
	u16 val;

	val = (u16)data->limits[MIN];
	return sprintf(buf, \"%d\\n\", val << (SHIFT + 1));
}

static void set_lo(struct device *dev)
{
	mutex_lock(&lock);
	wr(dev, 0x10);
	mutex_unlock(&lock);
}

static ssize_t show_max(struct device *dev, char *buf)
{
	struct data *data = get(dev);
	u16 val;

	val = (u16)data->limits[MAX];
	return sprintf(buf, \"%d\\n\", val << (SHIFT + 1));
}

static const struct ops ops = { .min = show_min, .max = show_max, .lo = set_lo };
";

const THIN_AFTER: &str = "\
static DEFINE_MUTEX(lock);

static ssize_t show_limit(struct device *dev, char *buf, int index)
{
	struct data *data = get(dev);
	u16 val;

	val = (u16)data->limits[index];
	return sprintf(buf, \"%d\\n\", val << (SHIFT + 1));
}

static ssize_t show_min(struct device *dev, char *buf)
{
	return show_limit(dev, buf, MIN);
}

static void set_lo(struct device *dev)
{
	mutex_lock(&lock);
	wr(dev, 0x10);
	mutex_unlock(&lock);
}

static ssize_t show_max(struct device *dev, char *buf)
{
	return show_limit(dev, buf, MAX);
}

static const struct ops ops = { .min = show_min, .max = show_max, .lo = set_lo };
";

fn thin() -> Claim {
    claim(&["show_min", "show_max"], Some("show_limit"), None)
}

/// Two copies, of which one goes.
const MERGED_BEFORE: &str = "\
static int on(struct chip *chip);
static int on_again(struct chip *chip);

static int on(struct chip *chip)
{
	int a = chip->a;

	return wr(chip, a);
}

static int on_again(struct chip *chip)
{
	int b = chip->a;

	return wr(chip, b);
}

static int use(struct chip *chip)
{
	chip->cb = on_again;
	return on(chip) + on_again(chip);
}
";

const MERGED_AFTER: &str = "\
static int on(struct chip *chip);

static int on(struct chip *chip)
{
	int a = chip->a;

	return wr(chip, a);
}

static int use(struct chip *chip)
{
	chip->cb = on;
	return on(chip) + on(chip);
}
";

fn merged() -> Claim {
    claim(&["on", "on_again"], None, Some("on"))
}

#[test]
fn members_that_go_expand_at_every_call() {
    check_passes(GONE_BEFORE, GONE_AFTER, &gone());
}

#[test]
fn members_that_stay_expand_from_their_one_call() {
    check_passes(THIN_BEFORE, THIN_AFTER, &thin());
}

#[test]
fn copies_merge_into_one_of_them_or_into_a_new_name() {
    check_passes(MERGED_BEFORE, MERGED_AFTER, &merged());
    let renamed =
        MERGED_AFTER.replace("= on;", "= power_on;").replace("on(chip)", "power_on(chip)");
    let renamed = renamed.replace("int on(struct", "int power_on(struct");
    check_passes(MERGED_BEFORE, &renamed, &claim(&["on", "on_again"], None, Some("power_on")));
}

#[test]
fn an_unused_parameter_may_go_when_its_arguments_do_nothing() {
    let before = planted(GONE_BEFORE, "between(chip));", "chip->base);");
    let after = GONE_AFTER
        .replace(", int unused", "")
        .replace(", between(chip)", "")
        .replace("n + 1, 0,", "n + 1,")
        .replace("start(chip, n, n,", "start(chip, n,")
        .replace("start(chip, 3, n,", "start(chip, 3,");
    check_passes(&before, &after, &gone());
}

#[test]
fn a_helper_may_be_declared_before_it_is_defined() {
    let after = planted(
        GONE_AFTER,
        "static int rd(",
        "static int start(struct chip *chip, u32 val, int unused, int reg, int reg2);\nstatic int rd(",
    );
    check_passes(GONE_BEFORE, &after, &gone());
}

#[test]
fn an_argument_may_lose_its_parentheses() {
    let before = "static int a(int x)\n{\n\treturn x & (A | B);\n}\n\nstatic int b(int x)\n{\n\treturn x & (A | C);\n}\nint c(void) { return a(1) + b(2); }\n";
    let after = "static int m(int x, int mask)\n{\n\treturn x & mask;\n}\n\nint c(void) { return m(1, A | B) + m(2, A | C); }\n";
    check_passes(before, after, &claim(&["a", "b"], Some("m"), None));
}

#[test]
fn a_patch_that_does_not_apply_reaches_no_rung() {
    let refused = Err((PATH.to_owned(), 12, "hunk 1 does not match".to_owned()));
    let climb = climb_applied(&files(""), refused, &gone(), &LoopMacros::default());
    assert_eq!(climb.problem.map(|p| (p.rung, p.line)), Some((Verdict::Applies, 12)));
}

#[test]
fn a_patch_that_breaks_the_syntax_does_not_parse() {
    let after = planted(GONE_AFTER, "return chip->base + LIMIT;", "return chip->base + ;");
    let climb = climbs(GONE_BEFORE, &after, &gone());
    assert_eq!(climb.problem.map(|p| p.rung), Some(Verdict::Parses));
}

#[test]
fn a_problem_names_the_line_before_and_after() {
    let after = planted(GONE_AFTER, "chip->base + LIMIT", "chip->base - LIMIT");
    let problem = climbs(GONE_BEFORE, &after, &gone()).problem;
    let found = problem.map(|p| (p.line, p.after_line, p.detail));
    assert_eq!(found, Some((25, Some(24), "`+` became `-`".to_owned())));
}

/// Faults planted into the right answers: what they replace, by what, and a part
/// of the message.
const GONE_FAULTS: &[(&str, &str, &str, &str)] = &[
    ("swapped arguments", "start(chip, n + 1, 0,", "start(n + 1, chip, 0,", "do not correspond"),
    ("wrong constant", "0, REG_A, REG_A | 1", "0, REG_B, REG_A | 1", "`REG_A` became `REG_B`"),
    ("wrong second constant", "0, REG_A, REG_A | 1", "0, REG_A, REG_A | 2", "`REG_A | 2`"),
    ("changed argument", "n + 1, 0,", "n + 2, 0,", "do not correspond"),
    ("missing statement", "\tret = rd(chip, reg2);\n", "", "`ret` became `return`"),
    (
        "extra statement",
        "\tret = rd(chip, reg2);\n",
        "\tret = rd(chip, reg2);\n\tret++;\n",
        "became `ret`",
    ),
    ("jump to the end", "\t\tgoto out;\n", "\t\treturn ret;\n", "`goto` became `return`"),
    ("other operator", "ret < 0", "ret <= 0", "`<` became `<=`"),
    ("mask lost", "val & 0xff", "val & 0x0f", "`0xff` became `0x0f`"),
    ("narrower parameter", "chip, u32 val", "chip, u16 val", "`u32` became `u16`"),
    ("other return type", "static int start(", "static long start(", "`int` became `long`"),
    ("not static", "static int start(", "int start(", "not static"),
    (
        "captured by a local",
        "int ret;\n\n\tret = wr",
        "int reg;\n\n\treg = wr",
        "hides a parameter",
    ),
    (
        "call site forgotten",
        "return start(chip, 3, n, REG_B, REG_B | 1)",
        "return start_b(chip, 3, n)",
        "`start_b` became `start_b`",
    ),
    (
        "nested call forgotten",
        "start(chip, n, n, REG_A, REG_A | 1)",
        "start_a(chip, n, n)",
        "do not correspond",
    ),
    ("argument lost", "chip, 3, n, REG_B, REG_B | 1", "chip, 3, n, REG_B", "takes 5 arguments"),
    ("changed neighbour", "chip->base + LIMIT", "chip->base", "`+` became `;`"),
    ("changed macro", "#define LIMIT 7", "#define LIMIT 8", "became `#define LIMIT 8`"),
    ("macro lost", "#define LIMIT 7\n", "", "became `struct`"),
    (
        "neighbour's prototype lost",
        "static int rd(struct chip *chip, int reg);\n",
        "",
        "`rd` where it is not declared",
    ),
    ("written parameter", "ret = rd(chip, reg2);", "reg2 = rd(chip, reg2);", "became `reg2`"),
    ("parameters exchanged", "wr(chip, reg,", "wr(chip, reg2,", "`REG_A | 1`"),
    (
        "local in an argument",
        "start(chip, n, n, REG_A,",
        "start(chip, n, n, n,",
        "do not correspond",
    ),
    (
        "member kept under another name",
        "\nstatic int between",
        "\nstatic int start_c(int a)\n{\n\treturn a;\n}\n\nstatic int between",
        "became `start_c`",
    ),
];

#[test]
fn every_fault_planted_into_calls_is_found() {
    for &(row, from, to, expected) in GONE_FAULTS {
        check_fails(row, GONE_BEFORE, &planted(GONE_AFTER, from, to), &gone(), expected);
    }
}

const THIN_FAULTS: &[(&str, &str, &str, &str)] = &[
    ("wrong constant", "buf, MIN", "buf, MAX", "`MIN` became `MAX`"),
    ("swapped arguments", "dev, buf, MIN", "buf, dev, MIN", "do not correspond"),
    (
        "wrong thin return",
        "return show_limit(dev, buf, MIN)",
        "show_limit(dev, buf, MIN)",
        "unless it is void",
    ),
    (
        "more than the call",
        "return show_limit(dev, buf, MIN);",
        "return show_limit(dev, buf, MIN) + 0;",
        "nothing else",
    ),
    (
        "statement before the call",
        "\treturn show_limit(dev, buf, MIN);",
        "\tget(dev);\n\treturn show_limit(dev, buf, MIN);",
        "nothing else",
    ),
    ("narrower cast", "(u16)data", "(u8)data", "`u16` became `u8`"),
    ("narrower local", "u16 val;", "u8 val;", "`u16` became `u8`"),
    ("captured name", "int index", "int val", "hides a parameter"),
    ("changed format", "%d", "%u", "became"),
    ("changed table", ".min = show_min", ".min = show_max", "`show_min` became `show_max`"),
    (
        "signature of a thin function",
        "show_min(struct device *dev",
        "show_min(struct device2 *dev",
        "`device` became `device2`",
    ),
    ("side effect in an argument", "buf, MIN", "buf, MIN++", "became `MIN ++`"),
    (
        "other helper",
        "return show_limit(dev, buf, MIN)",
        "return show_other(dev, buf, MIN)",
        "must call the helper",
    ),
    ("void neighbour changed", "0x10", "0x11", "`0x10` became `0x11`"),
    ("precedence", "val << (SHIFT + 1)", "val << SHIFT + 1", "`(` became `SHIFT`"),
    (
        "attribute gained",
        "static ssize_t show_limit",
        "static __init ssize_t show_limit",
        "became `__init`",
    ),
];

#[test]
fn every_fault_planted_into_thin_functions_is_found() {
    for &(row, from, to, expected) in THIN_FAULTS {
        check_fails(row, THIN_BEFORE, &planted(THIN_AFTER, from, to), &thin(), expected);
    }
}

const MERGED_FAULTS: &[(&str, &str, &str, &str)] = &[
    ("use forgotten", "chip->cb = on;", "chip->cb = on_again;", "became `on_again`"),
    ("survivor changed", "= chip->a;", "= chip->b;", "`a` became `b`"),
    ("other function used", "chip->cb = on;", "chip->cb = off;", "became `off`"),
    (
        "linkage changed",
        "static int on(struct chip *chip)\n{",
        "int on(struct chip *chip)\n{",
        "linkage",
    ),
];

#[test]
fn every_fault_planted_into_merged_copies_is_found() {
    for &(row, from, to, expected) in MERGED_FAULTS {
        check_fails(row, MERGED_BEFORE, &planted(MERGED_AFTER, from, to), &merged(), expected);
    }
}

/// Faults with a pair of their own: members `a` and `b`, helper `m`.
struct Pair {
    row: &'static str,
    before: &'static str,
    after: &'static str,
    expected: &'static str,
}

const PAIRS: &[Pair] = &[
    Pair {
        row: "precedence",
        before: "static int a(int x) { return x & A | B; }\nstatic int b(int x) { return x & A | C; }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { return x & p; }\nint c(void) { return m(1, A | B) + m(1, A | C); }\n",
        expected: "no complete expression",
    },
    Pair {
        row: "case label constant",
        before: "static int a(int x) { switch (x) { case A: return 1; } return 0; }\nstatic int b(int x) { switch (x) { case B: return 1; } return 0; }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { switch (x) { case p: return 1; } return 0; }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "case label",
    },
    Pair {
        row: "array bound",
        before: "static int a(int x) { u8 buf[4]; return f(x, buf); }\nstatic int b(int x) { u8 buf[8]; return f(x, buf); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { u8 buf[p]; return f(x, buf); }\nint c(void) { return m(1, 4) + m(1, 8); }\n",
        expected: "array bound",
    },
    Pair {
        row: "static initialiser",
        before: "static int a(int x) { static const int t[] = { 1, 2 }; return t[x]; }\nstatic int b(int x) { static const int t[] = { 1, 3 }; return t[x]; }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { static const int t[] = { 1, p }; return t[x]; }\nint c(void) { return m(1, 2) + m(1, 3); }\n",
        expected: "static initialiser",
    },
    Pair {
        row: "pasted string",
        before: "static int a(int x) { return f(x, \"a\" \"b\"); }\nstatic int b(int x) { return f(x, \"a\" \"c\"); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, const char *p) { return f(x, \"a\" p); }\nint c(void) { return m(1, \"b\") + m(1, \"c\"); }\n",
        // The grammar takes a word between strings for a macro; the check must not.
        expected: "string literal is pasted",
    },
    Pair {
        row: "size of a constant",
        before: "static int a(int x) { return f(x, sizeof(1)); }\nstatic int b(int x) { return f(x, sizeof(2)); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { return f(x, sizeof(p)); }\nint c(void) { return m(1, 1) + m(1, 2); }\n",
        expected: "type matters",
    },
    Pair {
        row: "macro that wants a constant",
        before: "static int a(int x) { return FIELD_PREP(A, x); }\nstatic int b(int x) { return FIELD_PREP(B, x); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { return FIELD_PREP(p, x); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "wants a constant",
    },
    Pair {
        row: "address of a constant",
        before: "static int a(int x) { return f(&A, x); }\nstatic int b(int x) { return f(&B, x); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { return f(&p, x); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "address is taken",
    },
    Pair {
        row: "written constant",
        before: "static int a(int x) { A = x; return x; }\nstatic int b(int x) { B = x; return x; }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { p = x; return x; }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "written to",
    },
    Pair {
        row: "variable as an argument",
        before: "static int va, vb;\nstatic int a(int x) { f(x); return va; }\nstatic int b(int x) { f(x); return vb; }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int va, vb;\nstatic int m(int x, int p) { f(x); return p; }\nint c(void) { return m(1, va) + m(1, vb); }\n",
        expected: "the variable `va`",
    },
    Pair {
        row: "call as an argument",
        before: "static int a(int x) { f(x); return g(1); }\nstatic int b(int x) { f(x); return g(2); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { f(x); return p; }\nint c(void) { return m(1, g(1)) + m(1, g(2)); }\n",
        expected: "`g(…)` in an argument",
    },
    Pair {
        row: "dropped argument with a side effect",
        before: "static int a(int x, int y) { return f(x, A); }\nstatic int b(int x, int y) { return f(x, B); }\nint c(int i) { return a(1, i++) + b(1, 2); }\n",
        after: "static int m(int x, int p) { return f(x, p); }\nint c(int i) { return m(1, A) + m(1, B); }\n",
        expected: "evaluated and is dropped",
    },
    Pair {
        row: "dropped call",
        before: "static int a(int x, int y) { return f(x, A); }\nstatic int b(int x, int y) { return f(x, B); }\nint c(int i) { return a(1, g(i)) + b(1, 2); }\n",
        after: "static int m(int x, int p) { return f(x, p); }\nint c(int i) { return m(1, A) + m(1, B); }\n",
        expected: "evaluated and is dropped",
    },
    Pair {
        row: "doubled argument",
        before: "static int a(int x) { x++; return f(x, A); }\nstatic int b(int x) { x++; return f(x, B); }\nint c(int i) { return a(i) + b(i); }\n",
        after: "static int m(int x, int y, int p) { x++; return f(y, p); }\nint c(int i) { return m(i, i, A) + m(i, i, B); }\n",
        expected: "do not correspond",
    },
    Pair {
        row: "local of the caller in place of the constant",
        before: "static int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\nint c(int A) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { return f(x, p); }\nint c(int A) { return m(1, A) + m(1, B); }\n",
        expected: "is a local where the call stands",
    },
    Pair {
        row: "captured name in a macro",
        before: "#define R(x) (base + (x))\nstatic int a(int x) { return f(R(x), A); }\nstatic int b(int x) { return f(R(x), B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "#define R(x) (base + (x))\nstatic int m(int x, int base) { return f(R(x), base); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "also used by a macro",
    },
    Pair {
        row: "parameter with the name of a macro",
        before: "#define reg 3\nstatic int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "#define reg 3\nstatic int m(int x, int reg) { return f(x, reg); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "is a macro of the file",
    },
    Pair {
        row: "pasted token",
        before: "#define W(x, r) w(x, REG_##r)\nstatic int a(int x) { return W(x, A); }\nstatic int b(int x) { return W(x, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "#define W(x, r) w(x, REG_##r)\nstatic int m(int x, int p) { return W(x, p); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "`A` became `p`",
    },
    Pair {
        row: "renamed member of a structure",
        before: "static int a(struct w *rx) { return f(container_of(rx, struct s, rx), A); }\nstatic int b(struct w *tx) { return f(container_of(tx, struct s, tx), B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(struct w *rx, int p) { return f(container_of(rx, struct s, rx), p); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "`tx` became `rx`",
    },
    Pair {
        row: "renaming that is not one to one",
        before: "static int a(int x) { int i = A, j = 2; return i - j; }\nstatic int b(int x) { int i = B, j = 2; return i - i; }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { int i = p, j = 2; return i - j; }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "`i` became `j`",
    },
    Pair {
        row: "local against a name of file scope",
        before: "int g;\nstatic int a(int x) { { int y = A; f(y); } return g; }\nstatic int b(int x) { { int g = B; f(g); } return g; }\nint c(void) { return a(1) + b(1); }\n",
        after: "int g;\nstatic int m(int x, int p) { { int y = p; f(y); } return y; }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "`g` became `y`",
    },
    Pair {
        row: "helper after its use",
        before: "static int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "int c(void) { return m(1, A) + m(1, B); }\nstatic int m(int x, int p) { return f(x, p); }\n",
        expected: "used before it is declared",
    },
    Pair {
        row: "helper before what it uses",
        before: "#define K 4\nstatic int a(int x) { return f(x, A + K); }\nstatic int b(int x) { return f(x, B + K); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { return f(x, p + K); }\n#define K 4\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "`K` where it is not declared",
    },
    Pair {
        row: "macro defined anew in between",
        before: "#define K 4\nstatic int a(int x) { return f(x, A + K); }\nstatic int b(int x) { return f(x, B + K); }\n#undef K\n#define K 5\nint c(void) { return a(1) + b(1); }\n",
        after: "#define K 4\n#undef K\n#define K 5\nstatic int m(int x, int p) { return f(x, p + K); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "`K` is defined otherwise",
    },
    Pair {
        row: "argument defined anew before the call",
        before: "#define A 4\nstatic int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\n#undef A\n#define A 5\nint c(void) { return a(1) + b(1); }\n",
        after: "#define A 4\nstatic int m(int x, int p) { return f(x, p); }\n#undef A\n#define A 5\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "`A` is defined anew",
    },
    Pair {
        row: "helper under a narrower #if",
        before: "#ifdef X\nint y;\n#endif\nstatic int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "#ifdef X\nint y;\nstatic int m(int x, int p) { return f(x, p); }\n#endif\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "under an #if",
    },
    Pair {
        row: "directive lost",
        before: "#ifdef X\nstatic int a(int x) { return f(x, A); }\n#endif\nstatic int b(int x) { return f(x, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { return f(x, p); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "`#ifdef X` became `int`",
    },
    Pair {
        row: "member deleted while its address is used",
        before: "static int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\nstruct ops o = { .f = a };\nint c(void) { return b(1); }\n",
        after: "static int m(int x, int p) { return f(x, p); }\nstruct ops o = { .f = m };\nint c(void) { return m(1, B); }\n",
        expected: "used without being called",
    },
    Pair {
        row: "member deleted while a macro names it",
        before: "#define CALL(x) a(x)\nstatic int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\nint c(void) { return CALL(1) + b(1); }\n",
        after: "#define CALL(x) a(x)\nstatic int m(int x, int p) { return f(x, p); }\nint c(void) { return CALL(1) + m(1, B); }\n",
        expected: "a directive still uses",
    },
    Pair {
        row: "member deleted while a macro pastes its name",
        before: "#define CALL(x) x##a(1)\nstatic int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\nint c(void) { return CALL() + b(1); }\n",
        after: "#define CALL(x) x##a(1)\nstatic int m(int x, int p) { return f(x, p); }\nint c(void) { return CALL() + m(1, B); }\n",
        expected: "may build the name",
    },
    Pair {
        row: "deleted member that other files may call",
        before: "int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { return f(x, p); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "not static",
    },
    Pair {
        row: "name of the helper is taken",
        before: "int m;\nstatic int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "int m;\nstatic int m(int x, int p) { return f(x, p); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "is taken",
    },
    Pair {
        row: "name of the function used",
        before: "static int a(int x) { return f(x, __func__, A); }\nstatic int b(int x) { return f(x, __func__, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { return f(x, __func__, p); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "`__func__` depends",
    },
    Pair {
        row: "name of the function used in a macro",
        before: "#define LOG(x) g(__func__, x)\nstatic int a(int x) { LOG(x); return f(x, A); }\nstatic int b(int x) { LOG(x); return f(x, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "#define LOG(x) g(__func__, x)\nstatic int m(int x, int p) { LOG(x); return f(x, p); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "`__func__` depends",
    },
    Pair {
        row: "static state",
        before: "static int a(int x) { static int n; return f(x, n++, A); }\nstatic int b(int x) { static int n; return f(x, n++, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { static int n; return f(x, n++, p); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "static local",
    },
    Pair {
        row: "state in a macro",
        before: "static int a(int x) { pr_warn_once(\"x\"); return f(x, A); }\nstatic int b(int x) { pr_warn_once(\"x\"); return f(x, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { pr_warn_once(\"x\"); return f(x, p); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "keeps state",
    },
    Pair {
        row: "macro defined in a member",
        before: "static int a(int x) {\n#define Z 1\n return f(x, A); }\nstatic int b(int x) {\n#define Z 1\n return f(x, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) {\n#define Z 1\n return f(x, p); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "inside a member",
    },
    Pair {
        row: "types of the members differ",
        before: "static int a(int x) { return f(x, A); }\nstatic int b(long x) { return f(x, B); }\nint c(void) { return a(1) + b(1); }\n",
        after: "static int m(int x, int p) { return f(x, p); }\nint c(void) { return m(1, A) + m(1, B); }\n",
        expected: "`long` became `int`",
    },
];

#[test]
fn every_fault_with_a_pair_of_its_own_is_found() {
    for pair in PAIRS {
        let claim = claim(&["a", "b"], Some("m"), None);
        check_fails(pair.row, pair.before, pair.after, &claim, pair.expected);
    }
}

#[test]
fn nothing_happens_outside_the_claimed_file() {
    let mut before = files(GONE_BEFORE);
    let mut after = files(GONE_AFTER);
    before.insert("drivers/b.c".to_owned(), b"int x;\n".to_vec());
    after.insert("drivers/b.c".to_owned(), b"int y;\n".to_vec());
    let climb = climb(&before, &after, &gone(), &LoopMacros::default());
    assert_eq!(climb.problem.map(|p| p.path), Some("drivers/b.c".to_owned()));
}

#[test]
fn text_that_is_not_c_gives_a_problem_and_no_panic() {
    let deep = "(".repeat(100_000);
    for text in ["", "\0", "\"", "/*", "#", "static int a(", "a) } {", deep.as_str()] {
        let climb = climbs(text, text, &gone());
        assert_eq!(climb.verdict, Verdict::Failed, "{}", &text[..text.len().min(20)]);
    }
}

#[test]
fn long_runs_of_nested_calls_end() {
    let nest = |name: &str, rest: &str| {
        let calls = format!("{name}(").repeat(2_000);
        format!("int c(int i) {{ return {calls}i{}; }}\n", format!("{rest})").repeat(2_000))
    };
    let member =
        "static int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\n";
    let helper = "static int m(int x, int p) { return f(x, p); }\n";
    let (before, after) =
        (format!("{member}{}", nest("a", "")), format!("{helper}{}", nest("m", ", A")));
    let claim = claim(&["a", "b"], Some("m"), None);
    check_fails("nesting", &before, &after, &claim, "do not correspond");
}
